import { z } from "zod";
import { channelSchema } from "./channel.ts";
import { lockSchema } from "./lock-settings.ts";

/** `person:<name or id>`, as people write it. */
const personSchema = z
  .string()
  .regex(/^person:[^\p{Cc}]{1,64}$/u, "person:<name>")
  .transform((text) => text as `person:${string}`);

/** Whom a bell may ring. */
export const targetsSchema = z
  .array(z.union([channelSchema, personSchema]))
  .max(64)
  .readonly();

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time as 22:30");

const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** Quiet hours, by the clock on the wall of the house: from one time to another, over midnight if the first is later. */
export const quietHoursSchema = z
  .array(
    z.strictObject({
      from: timeOfDay,
      to: timeOfDay,
      days: z
        .array(z.enum(days))
        .min(1)
        .max(7)
        .readonly()
        .optional()
        .describe("The days on which they begin; every day when absent."),
    }),
  )
  .max(16)
  .readonly();

/** {@link quietHoursSchema} */
export type QuietHours = z.output<typeof quietHoursSchema>;

/** A bell that a camera tells of by ONVIF events. */
export const onvifBellSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(512)
    .optional()
    .describe("The camera's device service; http://<host of its address>/onvif/device_service when absent."),
  inputs: z
    .array(z.string().min(1).max(64))
    .max(16)
    .readonly()
    .optional()
    .describe("Tokens of the digital inputs that are a button; all when absent, and none of `[]`."),
  topics: z
    .array(z.string().min(3).max(200))
    .max(16)
    .readonly()
    .optional()
    .describe("Further topics that are a press, e.g. tns1:RuleEngine/MyRule/Ding; prefixes do not count."),
});

/** A device's `motion:`: what the hub is told of motion there. */
export const motionSchema = z.strictObject({
  onvif: z
    .strictObject({
      url: onvifBellSchema.shape.url,
      topics: z
        .array(z.string().min(3).max(200))
        .max(16)
        .readonly()
        .optional()
        .describe(
          "Further topics that are motion, e.g. tns1:RuleEngine/MyRuleDetector/PeopleDetect; prefixes do not count.",
        ),
    })
    .describe("For a camera that tells of motion by ONVIF events: the hub listens to them. `{}` is enough for most."),
});

/** A device's `bell:`: what happens when somebody rings there. */
export const bellSchema = z.strictObject({
  camera: z.string().max(48).optional().describe("Id of the camera that shows who rings; its own picture when absent."),
  rings: targetsSchema
    .optional()
    .describe("Whom it rings; absent: everybody who may talk to it, and the stations of its area."),
  groups: z
    .array(targetsSchema)
    .max(8)
    .readonly()
    .optional()
    .describe("In place of `rings`: one group after another, each falling silent when the next is rung."),
  groupS: z.int().min(5).max(120).optional().describe("Seconds for which each group rings before the next; 15."),
  forward: z
    .strictObject({ afterS: z.int().min(5).max(300), to: targetsSchema })
    .optional()
    .describe("Who is rung as well when nobody has answered after a time."),
  ringS: z.int().min(5).max(300).optional().describe("Seconds for which it rings; the house's when absent."),
  quiet: quietHoursSchema.optional().describe("Hours in which this bell rings nobody."),
  names: z
    .record(
      z.string().min(1).max(64),
      z.strictObject({ name: z.string().min(1).max(64), rings: targetsSchema.optional() }),
    )
    .optional()
    .describe("Of a device with several bells: what each is called, and whom it rings."),
  onvif: onvifBellSchema
    .optional()
    .describe("For a camera whose button is told by ONVIF events: the hub listens to them. `{}` is enough for most."),
  openedEnds: z.boolean().optional().describe("False lets it ring on when the door is opened."),
  texts: z
    .record(z.string().min(1).max(32), z.string().max(300))
    .optional()
    .describe("Sentences that the visitor hears, in place of the house's; an empty one is silent."),
  lock: lockSchema.optional().describe("What opens the door; of a door station its command `unlock` when absent."),
});

/** {@link bellSchema} */
export type BellSettings = z.output<typeof bellSchema>;
