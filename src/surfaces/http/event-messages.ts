import { z } from "zod";
import type { HubDevice, TalkState } from "../../hub/api.ts";
import type { EndReason } from "../../identity/attachments.ts";
import type { Fault } from "../../util/faults.ts";
import type { RouteRight, RouteSubject } from "../route.ts";
import type { DeviceView } from "./device-view.ts";

/** What the page may say on `/api/v1/events`. */
export const pageMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("talk-take"),
    device: z.string().max(128),
    whep: z.string().max(64),
    priority: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0),
    queue: z.boolean().default(false),
    turn: z.int().nonnegative().optional(),
  }),
  z.object({ type: z.literal("talk-release"), device: z.string().max(128) }),
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
  "talk-take": { right: "talk", subject: "body" },
  // Ends only what the same socket took.
  "talk-release": { right: "signed-in", subject: "hub" },
  ping: { right: "signed-in", subject: "hub" },
};

/**
 * What the hub says about the page's own turn at a speaker. `channel` is the device's id; `turn` is what the page called
 * the turn, so that the end of one is not taken for the end of the next.
 */
export type TalkMessage = { readonly type: "talk"; readonly channel: string; readonly turn?: number } & (
  | TalkState
  | { readonly state: "refused"; readonly reason: "forbidden" }
);

/** What the hub says. */
export type HubMessage =
  | { readonly type: "devices"; readonly devices: readonly DeviceView[] }
  | { readonly type: "device"; readonly device: DeviceView }
  | { readonly type: "removed"; readonly id: HubDevice["id"] }
  | TalkMessage
  | { readonly type: "faults"; readonly faults: readonly Fault[] }
  | { readonly type: "signed-out"; readonly reason: EndReason }
  | { readonly type: "error"; readonly code: string; readonly detail: string }
  | { readonly type: "pong" };

/** The right that each message of the hub is filtered by; a test holds that none is missing. */
export const hubMessageRights: Readonly<Record<HubMessage["type"], RouteRight>> = {
  devices: "view",
  device: "view",
  // Only ids that this socket was told about before.
  removed: "signed-in",
  talk: "signed-in",
  // To administrators of the hub only.
  faults: "administer",
  "signed-out": "signed-in",
  error: "signed-in",
  pong: "signed-in",
};
