import { z } from "zod";

/** What a station's page may say on `/api/v1/station`. */
export const stationMessageSchema = z.discriminatedUnion("type", [
  /** A connection that receives one sound: the station's speaker. A second one replaces the first. */
  z.object({ type: z.literal("speaker-offer"), sdp: z.string().min(1).max(60_000) }),
  /** Whether the browser may make sound: not before somebody touched the page. */
  z.object({ type: z.literal("playable"), playable: z.boolean() }),
  /** Whether the browser has a microphone for it: without one it listens only. */
  z.object({ type: z.literal("microphone"), usable: z.boolean() }),
  /** The station's own settings. */
  z.object({
    type: z.literal("settings"),
    doNotDisturb: z.boolean().optional(),
    muted: z.boolean().optional(),
    volume: z.number().min(0).max(4).optional(),
  }),
  z.object({ type: z.literal("ping") }),
]);

/** One message of a station's page. */
export type StationMessage = z.infer<typeof stationMessageSchema>;

/** Why a station is no more the device's on this page. */
export type StationEnd =
  /** Another page of the same station came. */
  | "taken-over"
  /** Its token was taken away or replaced, or the device was removed. */
  | "revoked"
  | "disabled"
  /** It is asked to come again: the device was changed or started anew. */
  | "again";

/** What the hub says to it. */
export type StationTold =
  /** It is the device now. `iceServers` are `Link` headers (RFC 9725, 4.6). */
  | { readonly type: "welcome"; readonly id: string; readonly name: string; readonly iceServers: readonly string[] }
  | { readonly type: "speaker-answer"; readonly sdp: string }
  | { readonly type: "speaker-failed"; readonly detail: string }
  | {
      readonly type: "settings";
      readonly name: string;
      readonly doNotDisturb: boolean;
      readonly muted: boolean;
      readonly volume: number;
    }
  | { readonly type: "over"; readonly reason: StationEnd; readonly detail?: string }
  | { readonly type: "pong" };
