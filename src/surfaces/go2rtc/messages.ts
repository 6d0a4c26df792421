import { z } from "zod";

/** What cards say at go2rtc's socket (its `api/ws`): an offer in the first or the second form, candidates, wishes for other ways. */
export const cardMessageSchema = z.union([
  z.object({ type: z.literal("webrtc/offer"), value: z.string().min(1).max(65_536) }),
  z.object({ type: z.literal("webrtc"), value: z.object({ sdp: z.string().min(1).max(65_536) }) }),
  z.object({ type: z.literal("webrtc/candidate"), value: z.string().max(1024) }),
  z.object({ type: z.string().min(1).max(32), value: z.unknown().optional() }),
]);

/** {@link cardMessageSchema} */
export type CardMessage = z.infer<typeof cardMessageSchema>;

/** What they are told. */
export type CardAnswer =
  | { readonly type: "webrtc/answer"; readonly value: string }
  | { readonly type: "webrtc"; readonly value: { readonly type: "answer"; readonly sdp: string } }
  /** Begins with the type of what it answers; cards give up WebRTC by `webrtc/offer`. */
  | { readonly type: "error"; readonly value: string };
