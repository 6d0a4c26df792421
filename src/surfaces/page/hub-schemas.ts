import { z } from "zod";
import { callChanges, callInfoSchema, callPartySchema } from "../../hub/call-info.ts";
import { settingsView } from "../../hub/device-settings.ts";
import { deviceInfoSchema, devicePhases, holderInfoSchema } from "../../hub/state.ts";
import { rightSchema } from "../../identity/policy.ts";
import { wallLayoutSchema } from "../../identity/wall-layouts.ts";
import { callViewSchema } from "../call-view.ts";

// One schema for each message of the hub: what AsyncAPI says is made of them, and a test holds them against what is sent.

const deviceId = z.string().describe("Id of the device.");
const atMs = z.number().describe("Wall-clock milliseconds.");

const device = z.object({
  ...deviceInfoSchema.shape,
  settings: settingsView.optional().describe("For whoever administers it."),
  rights: z.array(rightSchema).describe("What the reader may do with it."),
});

const hearing = z.array(
  z.object({
    deviceId: z.string(),
    state: z.enum(["playing", "connecting", "quiet", "failed"]),
    reason: z.string().optional().describe("For people."),
    code: z.string().optional().describe("The same for programs."),
    lostFrames: z.number().optional(),
  }),
);

const holder = holderInfoSchema.optional().describe("Who speaks there.");
const refusals = ["held", "queue-full", "do-not-disturb", "no-speaker", "offline", "nobody", "forbidden"] as const;
const turnStates = [
  z.object({ state: z.literal("granted"), hearing }),
  z.object({ state: z.literal("queued"), position: z.number().describe("1 for the next."), holder }),
  z.object({ state: z.literal("refused"), reason: z.enum(refusals), holder }),
  z.object({ state: z.literal("pre-empted"), holder }),
  z.object({ state: z.literal("ending"), seconds: z.number() }),
  z.object({
    state: z.literal("released"),
    reason: z.enum(["done", "silent", "too-long", "cancelled"]),
    lost: z.object({ network: z.number(), speaker: z.number() }).describe("Frames that were lost."),
  }),
  z.object({ state: z.literal("failed"), reason: z.string() }),
] as const;
const turn = z.number().describe("What the reader called the turn.");
const talk = { type: z.literal("talk"), turn };
const microphone = {
  type: z.literal("microphone"),
  session: z.string().describe("The last part of the session's Location."),
  device: deviceId,
};

/** Every message of the hub on `/api/v1/events`, by its type; each with what it says, for people. */
export const hubMessageSchemas = {
  devices: z
    .object({ type: z.literal("devices"), devices: z.array(device) })
    .describe("All devices that the reader may see, once, before what follows of them."),
  groups: z
    .object({ type: z.literal("groups"), groups: z.record(z.string(), z.array(z.string())) })
    .describe("The groups of devices, after the devices and when they change; where there are any."),
  device: z
    .object({ type: z.literal("device"), device })
    .describe("A device as it is now: at most four times a second."),
  removed: z.object({ type: z.literal("removed"), id: z.string() }).describe("A device is there no longer."),
  wall: z
    .object({ type: z.literal("wall"), layout: wallLayoutSchema })
    .describe(
      "How the reader arranged their wall, for people with a session: before the devices, and when it changes.",
    ),
  availability: z
    .object({
      type: z.literal("availability"),
      device: deviceId,
      available: z.boolean().describe("False while it is lost, refused, switched off, or has not called."),
      phase: z.enum(devicePhases),
      atMs,
    })
    .describe("A device can be reached again, or no longer."),
  motion: z
    .object({ type: z.literal("motion"), device: deviceId, active: z.boolean(), atMs })
    .describe("Something moves before a camera, or nothing does any more; of cameras that tell it."),
  floor: z
    .object({
      type: z.literal("floor"),
      device: deviceId,
      holder,
      queued: z.number().describe("How many wait to speak there."),
      atMs,
    })
    .describe("Somebody speaks at a device, or nobody does any more."),
  lock: z
    .object({
      type: z.literal("lock"),
      device: deviceId,
      state: z.enum(["locked", "opening", "open", "failed"]),
      last: z
        .object({ by: z.string(), sentence: z.string(), atMs })
        .optional()
        .describe("What came of the last wish to open it."),
      atMs,
    })
    .describe("The lock of a device stands otherwise now."),
  presence: z
    .object({ type: z.literal("presence"), who: callPartySchema, present: z.boolean(), atMs })
    .describe("A person can be rung now, on whatever page, phone or client of theirs, or can be no longer."),
  talk: z
    .union(turnStates.map((one) => one.extend(talk)))
    .describe("How it goes with a turn that was asked for on this connection."),
  microphone: z
    .union(turnStates.map((one) => one.extend(microphone)))
    .describe("How it goes with a microphone of the reader's that takes the floor by being heard (WHEP, talk=auto)."),
  hearing: z.object({ type: z.literal("hearing"), turn, hearing }).describe("Who hears the reader's turn."),
  ring: z
    .object({
      type: z.literal("ring"),
      ring: z.object({
        id: z.number(),
        caller: z.string(),
        callerDevice: z.string().optional(),
        deviceIds: z.array(z.string()).describe("The devices that are rung, of those that the reader sees."),
        chime: z.string(),
        callId: z.string().optional().describe("The call of which it is a chime."),
        atMs,
      }),
    })
    .describe("Somebody rings devices."),
  "ring-over": z.object({ type: z.literal("ring-over"), id: z.number() }).describe("The chime of a ring is over."),
  calls: z
    .object({
      type: z.literal("calls"),
      calls: z.array(callViewSchema),
      mutedBells: z.array(z.object({ from: callInfoSchema.shape.from, untilMs: z.number() })),
    })
    .describe("The calls that run, at first; and when a bell is muted because nobody answers it."),
  call: z
    .object({
      type: z.literal("call"),
      call: callViewSchema,
      change: z.enum(callChanges),
      by: callPartySchema.optional(),
      reason: z.string().optional(),
    })
    .describe("A call began, was answered, declined, missed, ended: whatever happened to it."),
  faults: z
    .object({
      type: z.literal("faults"),
      faults: z.array(
        z.object({
          id: z.string(),
          what: z.string(),
          advice: z.string(),
          places: z
            .array(z.string())
            .optional()
            .describe("Where it is, a sentence each: file, line, what is wrong there."),
          sinceMs: z.number(),
        }),
      ),
    })
    .describe("What is wrong with the hub, for administrators."),
  waiting: z
    .object({
      type: z.literal("waiting"),
      waiting: z.array(
        z.object({
          id: z.string(),
          kind: z.string(),
          address: z.string(),
          name: z.string().optional(),
          sinceMs: z.number(),
          lastMs: z.number(),
        }),
      ),
    })
    .describe("Devices that call the hub and wait to be let in, for administrators."),
  "signed-out": z
    .object({ type: z.literal("signed-out"), reason: z.enum(["signed-out", "removed", "rights-changed"]) })
    .describe("The connection ends now: connect again for what may be seen with other rights."),
  error: z
    .object({ type: z.literal("error"), code: z.string(), detail: z.string() })
    .describe("A message was not understood."),
  pong: z.object({ type: z.literal("pong") }).describe("Answers a ping."),
} as const;

/** What happened just now, of devices and people: the hub says each once, when it changes. */
export type HappeningMessage = {
  readonly [Type in "availability" | "motion" | "floor" | "lock" | "presence"]: Readonly<
    z.output<(typeof hubMessageSchemas)[Type]>
  >;
}["availability" | "motion" | "floor" | "lock" | "presence"];
