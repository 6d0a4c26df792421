import { z } from "zod";
import type { Hearing, HubDevice, TurnState } from "../../hub/api.ts";
import type { CallEvent, MutedBell } from "../../hub/call-api.ts";
import { channelsSchema } from "../../hub/channel.ts";
import type { Ring } from "../../hub/rings.ts";
import type { EndReason } from "../../identity/attachments.ts";
import type { Waiting } from "../../identity/enrolment.ts";
import type { WallLayout } from "../../identity/wall-layouts.ts";
import type { Fault } from "../../util/faults.ts";
import type { CallView } from "../call-view.ts";
import type { DeviceView } from "../device-view.ts";
import type { RouteRight, RouteSubject } from "../route.ts";
import type { HappeningMessage } from "./hub-schemas.ts";

/** What the page may say on `/api/v1/events`. */
export const pageMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("talk-take"),
    /** What the page calls the turn; it comes back in every answer. */
    turn: z.int().nonnegative(),
    to: channelsSchema,
    /** The last part of a voice's, or of a WHEP session's, `Location`. */
    voice: z.string().max(64),
    priority: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0),
    queue: z.boolean().default(false),
  }),
  z.object({ type: z.literal("talk-release"), turn: z.int().nonnegative() }),
  /** The page can be heard ringing for a call. */
  z.object({ type: z.literal("call-confirm"), call: z.string().max(64) }),
  /**
   * All devices whose pictures are looked for on this page now: they are wanted until another list comes, and those that are
   * named for the first time are tried at once where they are in trouble. So the page has nothing to ask meanwhile.
   */
  z.object({ type: z.literal("watch"), devices: z.array(z.string().max(64)).max(1000) }),
  /** The live picture of a call is seen on the page. */
  z.object({ type: z.literal("call-picture"), call: z.string().max(64) }),
  z.object({ type: z.literal("ping") }),
]);

/** One message as the page writes it: what has a default may be left out. */
export type WrittenPageMessage = z.input<typeof pageMessageSchema>;

/** One message of the page. */
export type PageMessage = z.infer<typeof pageMessageSchema>;

/** The right that each message of the page needs; a test holds that none is missing. */
export const pageMessageRights: Readonly<
  Record<PageMessage["type"], { readonly right: RouteRight; readonly subject: RouteSubject }>
> = {
  "talk-take": { right: "talk", subject: "channels" },
  // Ends only what the same socket took.
  "talk-release": { right: "signed-in", subject: "hub" },
  // Of a call in which they are rung.
  "call-confirm": { right: "signed-in", subject: "hub" },
  // Of the devices that this socket was told about, which takes the right to see them.
  watch: { right: "signed-in", subject: "hub" },
  // Of a call whose picture they may see.
  "call-picture": { right: "signed-in", subject: "hub" },
  ping: { right: "signed-in", subject: "hub" },
};

/**
 * What the hub says about the page's own turn. `turn` is what the page called it, so that the end of one is not taken for
 * the end of the next.
 */
export type TalkMessage = { readonly type: "talk"; readonly turn: number } & (
  | TurnState
  | { readonly state: "refused"; readonly reason: "forbidden" }
);

/** How it goes with a microphone of theirs that takes the floor by being heard (WHEP with `talk=auto`), on whatever connection. */
export type MicrophoneMessage = {
  readonly type: "microphone";
  /** The last part of the session's `Location`. */
  readonly session: string;
  readonly device: HubDevice["id"];
} & (TurnState | { readonly state: "refused"; readonly reason: "forbidden" });

/** Who hears the page's own turn: every device that is meant, whenever that changes. */
export interface HearingMessage {
  readonly type: "hearing";
  readonly turn: number;
  readonly hearing: readonly Hearing[];
}

/** Somebody rings devices, of which these are the ones that this page knows. */
export interface RingMessage {
  readonly type: "ring";
  readonly ring: Omit<Ring, "to">;
}

/** What is said about calls: all that run, at first and when a bell is muted; then each change of one. */
export type CallMessage =
  | { readonly type: "calls"; readonly calls: readonly CallView[]; readonly mutedBells: readonly MutedBell[] }
  | ({ readonly type: "call"; readonly call: CallView } & Omit<CallEvent, "call">);

/** The chime of a ring is over, or will not be played any more. */
export interface RingOverMessage {
  readonly type: "ring-over";
  readonly id: Ring["id"];
}

/** All that is said about a page's turns. */
export type TurnMessage = TalkMessage | HearingMessage;

/** What the hub says. */
export type HubMessage =
  | { readonly type: "devices"; readonly devices: readonly DeviceView[] }
  /** The configured groups, as far as this person sees their devices. */
  | { readonly type: "groups"; readonly groups: Readonly<Record<string, readonly string[]>> }
  | { readonly type: "device"; readonly device: DeviceView }
  /** How this person arranged their wall, on whatever page of theirs. */
  | { readonly type: "wall"; readonly layout: WallLayout }
  | { readonly type: "removed"; readonly id: HubDevice["id"] }
  | TalkMessage
  | MicrophoneMessage
  | { readonly type: "faults"; readonly faults: readonly Fault[] }
  /** Devices that call the hub and wait to be let in. */
  | { readonly type: "waiting"; readonly waiting: readonly Waiting[] }
  | HearingMessage
  | RingMessage
  | RingOverMessage
  | CallMessage
  | HappeningMessage
  | { readonly type: "signed-out"; readonly reason: EndReason }
  | { readonly type: "error"; readonly code: string; readonly detail: string }
  | { readonly type: "pong" };

/** The right that each message of the hub is filtered by; a test holds that none is missing. */
export const hubMessageRights: Readonly<Record<HubMessage["type"], RouteRight>> = {
  devices: "view",
  groups: "view",
  // Only their own.
  wall: "signed-in",
  device: "view",
  // Only ids that this socket was told about before.
  removed: "signed-in",
  talk: "signed-in",
  // Only of the same person's sessions.
  microphone: "signed-in",
  // To administrators of the hub only.
  faults: "administer",
  waiting: "administer",
  hearing: "signed-in",
  ring: "view",
  // Only of rings that this socket was told about before.
  "ring-over": "view",
  // To whoever may answer a call or takes part in it.
  calls: "talk",
  call: "talk",
  // Of devices that this socket was told about.
  availability: "view",
  motion: "view",
  floor: "view",
  lock: "view",
  // Everybody who is signed in may ask for the same list.
  presence: "signed-in",
  "signed-out": "signed-in",
  error: "signed-in",
  pong: "signed-in",
};
