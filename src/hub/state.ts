import { z } from "zod";
import { grantSchema } from "../identity/policy.ts";
import { audioCodecs, type Format } from "../media/format.ts";
import type { Immutable } from "../util/immutable.ts";
import { canSchema } from "./abilities.ts";

/** What a device is doing; the page has a sentence for each. */
export const devicePhases = [
  /** Nobody watches and nothing keeps it warm: not connected on purpose. */
  "idle",
  /** A device that calls the hub has not called, or hung up: neither on purpose nor trouble of ours. */
  "away",
  "connecting",
  "waiting-for-key-frame",
  /** The camera gives no picture while somebody speaks through it; it comes back by itself. */
  "paused-by-talk",
  "live",
  /** Connected, but no frame for 5 s. */
  "stale",
  "wrong-password",
  /** Lost or refused; the supervisor tries again at `retryAtMs`. */
  "trouble",
  "disabled",
] as const;

/** One of {@link devicePhases}. */
export type DevicePhase = (typeof devicePhases)[number];

/** State of a device as the API and the page see it. Times are wall-clock milliseconds. */
export const deviceStateSchema = z.object({
  phase: z.enum(devicePhases),
  sinceMs: z.number(),
  error: z
    .object({ code: z.string(), message: z.string(), atMs: z.number() })
    .optional()
    .describe("The last error in plain words; stays until media flows again."),
  retryAtMs: z.number().optional(),
  lastFrameMs: z.number().optional().describe('Last frame of any track, for "no picture for 12 s".'),
});

/** {@link deviceStateSchema} */
export type DeviceState = Immutable<z.infer<typeof deviceStateSchema>>;

/** How late a track's frames are when they reach the hub. */
const captureDelaySchema = z.discriminatedUnion("by", [
  z.object({ by: z.literal("camera-clock"), ms: z.number() }),
  z.object({
    by: z.literal("wrong-clock"),
    offByMs: z.number().describe("How far the camera's clock is behind the hub's; negative where it is ahead."),
    overBestMs: z.number().describe("How much later frames come now than at the best of the last minute."),
  }),
]);

/** One track as the API shows it. */
export const trackInfoSchema = z.object({
  id: z.string(),
  label: z.string(),
  kind: z.enum(["video", "audio"]),
  codec: z.string(),
  widthPx: z.number().optional(),
  heightPx: z.number().optional(),
  frameRate: z.number().optional(),
  profile: z.string().optional(),
  reordered: z
    .boolean()
    .optional()
    .describe("B pictures: browsers decode them by themselves, or are shown a converted picture."),
  withoutKeys: z.boolean().optional().describe("No key pictures, or hardly any: some browsers cannot begin with it."),
  sampleRateHz: z.number().optional(),
  channels: z.number().optional(),
  frames: z.number(),
  bytes: z.number(),
  readers: z.number(),
  delay: captureDelaySchema
    .optional()
    .describe(
      "From the moment at which the camera took a picture until it was at the hub, by the camera's own clock, where its stream carries one and that agrees with the hub's.",
    ),
});

/** {@link trackInfoSchema} */
export type TrackInfo = Immutable<z.infer<typeof trackInfoSchema>>;

/** How urgent a turn is: 0 normal, 1 high, 2 emergency. */
export const prioritySchema = z.union([z.literal(0), z.literal(1), z.literal(2)]);

/** Who holds a floor. */
export const holderInfoSchema = z.object({
  turnId: z.string().describe("Unique for one turn."),
  name: z.string().describe('What a person reads: "Anna".'),
  priority: prioritySchema.describe("0 normal, 1 high, 2 emergency."),
  sinceMs: z.number(),
});

/** {@link holderInfoSchema} */
export type HolderInfo = Immutable<z.infer<typeof holderInfoSchema>>;

/** One device as the API shows it; never holds a secret. */
export const deviceInfoSchema = z.object({
  id: z.string(),
  name: z.string(),
  area: z.string().optional(),
  kind: z.string(),
  address: z.string().optional().describe("Without credentials, for people."),
  state: deviceStateSchema,
  tracks: z.array(trackInfoSchema),
  speaker: z
    .object({
      formats: z.array(z.object({ codec: z.enum(audioCodecs), sampleRateHz: z.number() })),
      echoCancelling: z.boolean(),
      holder: holderInfoSchema.optional(),
      queued: z.number(),
      doNotDisturb: z.boolean(),
      muted: z.boolean().optional().describe("True when only emergencies are played."),
      raised: z.boolean().optional().describe("True while it is louder than it was set, for an emergency."),
    })
    .optional(),
  arrival: z
    .object({
      enrolled: z.enum(["token", "legacy"]).optional().describe("How it is recognised; absent: it was not let in yet."),
      approvedMs: z.number().optional(),
      grants: z.array(grantSchema).readonly().optional().describe("What the device itself may do."),
    })
    .optional()
    .describe("There for a device that calls the hub."),
  station: z
    .object({
      plays: z.boolean().describe("False until its browser may make sound: it cannot ring."),
      speaks: z.boolean().describe("False without a microphone: it listens only."),
    })
    .optional()
    .describe("There for a browser that is a station, while its page is open."),
  button: z
    .object({
      target: z.string().describe("Whom its user speaks to, by name; everybody is called All Rooms."),
      targets: z.array(z.string()).readonly().describe("Whom it can be set to speak to by whoever asks."),
      priority: prioritySchema.optional().describe("How urgent that is; absent where it cannot be set."),
    })
    .optional()
    .describe("What its own button to talk does, while it is there; told to whoever may administer it."),
  delivery: z
    .object({
      loss: z.number().describe("Part of it that the station lost lately, 0 to 1."),
      unicast: z.boolean().describe("True while it is sent to alone as well, because it loses too much."),
    })
    .optional()
    .describe("How what is sent to all room stations at once arrives there; of those that report it."),
  renditions: z
    .array(
      z.object({
        name: z.enum(["main", "sub"]),
        codec: z.string().optional(),
        widthPx: z.number().optional(),
        heightPx: z.number().optional(),
      }),
    )
    .optional()
    .describe(
      "Its pictures of the same view, where it has, or may have, a small one: sub. Sizes are there once it was seen.",
    ),
  motion: z
    .object({ active: z.boolean(), sinceMs: z.number() })
    .optional()
    .describe("Whether something moves there; absent as long as the device has told nothing of motion."),
  can: canSchema.optional().describe("What it can do, as far as is known; also while it is not connected."),
  lastPicture: z
    .object({ takenMs: z.number() })
    .optional()
    .describe("That a small last picture of it is kept, and when it came; `snapshot?kept=true` gives it."),
  permanent: z.boolean().describe("False for a preview: a device that somebody is about to add."),
  quirks: z
    .array(z.object({ code: z.string(), sentence: z.string(), detail: z.string().optional() }))
    .optional()
    .describe("What it does against the standards; each sentence goes on after its name."),
});

/** {@link deviceInfoSchema} */
export type DeviceInfo = Immutable<z.infer<typeof deviceInfoSchema>>;

/** Static part of a track's format as {@link TrackInfo} shows it. */
export function describeFormat(format: Format): Pick<TrackInfo, "kind" | "codec"> & Partial<TrackInfo> {
  if (format.kind === "video") {
    const { kind, codec, widthPx, heightPx, frameRate, profile, reordered, withoutKeys } = format;
    return { kind, codec, widthPx, heightPx, frameRate, profile, reordered, withoutKeys };
  }
  return { kind: format.kind, codec: format.codec, sampleRateHz: format.sampleRateHz, channels: format.channels };
}
