import type { AudioCodec, Format, VideoCodec } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { IceCandidate, ViewerFeedback, ViewerStats } from "../../media/viewer.ts";
import type { PayloadMapping } from "../../protocols/sdp/index.ts";
import type { AnswerPlan } from "./offer.ts";

/** What the hub tells the worker. Frames of a track come in order; `viewer` and `track` are the hub's own numbers. */
export type ToChild =
  | {
      readonly type: "configure";
      /** The machine's monotonic clock minus the hub's, µs: both processes then speak of the hub's time. */
      readonly clockOffsetUs: number;
      readonly udpPort: number;
      readonly iceServers: readonly string[];
      readonly announceAddresses: readonly string[];
      /** Patterns of names of interfaces whose addresses nobody is told. */
      readonly leaveOutInterfaces: readonly string[];
    }
  | {
      readonly type: "track";
      readonly track: number;
      readonly codec: VideoCodec | AudioCodec;
      readonly latencyUs: number;
    }
  | {
      readonly type: "frame";
      readonly track: number;
      readonly data: Uint8Array;
      readonly timestampUs: number;
      readonly key: boolean;
      /** From the group of pictures that was there before the track began: older than it arrives. */
      readonly replay: boolean;
    }
  | { readonly type: "track-end"; readonly track: number }
  | {
      readonly type: "view";
      readonly viewer: number;
      readonly offerSdp: string;
      readonly plan: AnswerPlan;
      readonly videoTrack?: number;
      readonly audioTrack?: number;
      readonly iceServers?: readonly string[];
      /** It takes candidates that are found after the answer. */
      readonly trickles?: boolean;
      /** Tell what it says of the picture. */
      readonly feedback?: boolean;
    }
  | { readonly type: "candidate"; readonly viewer: number; readonly candidate: IceCandidate }
  /** Show this picture, of the same codec, from its next key frame on. */
  | { readonly type: "turn"; readonly viewer: number; readonly track: number }
  | { readonly type: "microphone"; readonly viewer: number; readonly wanted: boolean }
  | { readonly type: "stats"; readonly viewer: number; readonly request: number }
  | { readonly type: "close"; readonly viewer: number };

/** What the worker tells the hub. */
export type FromChild =
  | { readonly type: "answer"; readonly viewer: number; readonly sdp: string }
  /** A candidate of ours that was found after the answer; none when there are no more. */
  | { readonly type: "found"; readonly viewer: number; readonly candidate: IceCandidate | null }
  /** From here on it is sent that picture. Nothing is said of one that another was asked for before it came. */
  | { readonly type: "turned"; readonly viewer: number; readonly track: number }
  | { readonly type: "refused"; readonly viewer: number; readonly message: string }
  | { readonly type: "closed"; readonly viewer: number; readonly reason: string }
  | {
      readonly type: "sound";
      readonly viewer: number;
      readonly data: Uint8Array;
      readonly timestampUs: number;
      readonly durationUs: number;
      /** Packets lost between the one before and this. */
      readonly lostBefore: number;
    }
  | { readonly type: "stats"; readonly viewer: number; readonly request: number; readonly stats: ViewerStats }
  | { readonly type: "feedback"; readonly viewer: number; readonly feedback: ViewerFeedback }
  | { readonly type: "trouble"; readonly message: string };

/** What the hub tells the worker that takes in publishers: all that viewers need, and their offers. */
export type ToPublishChild =
  | ToChild
  | {
      /** A publisher's offer; from here on it is a viewer like the others, whose media come back. */
      readonly type: "publish";
      readonly viewer: number;
      readonly offerSdp: string;
      readonly plan: AnswerPlan;
      readonly taken: ReadonlyMap<string, PayloadMapping>;
      readonly repaired: ReadonlySet<string>;
    }
  | {
      /** Makes an offer to a peer that is asked to publish; it comes back as an answer does. */
      readonly type: "ask";
      readonly viewer: number;
      readonly plan: AnswerPlan;
      /** What it is sent where its answer takes it. */
      readonly audioTrack?: number;
      readonly iceServers?: readonly string[];
      readonly trickles?: boolean;
    }
  | {
      /** Makes an offer to a peer that is to be sent these; it comes back as an answer does. */
      readonly type: "send";
      readonly viewer: number;
      readonly plan: AnswerPlan;
      readonly videoTrack?: number;
      readonly audioTrack?: number;
      readonly feedback: boolean;
    }
  | {
      /** What such a peer answered, and the mids of what it takes. */
      readonly type: "takes";
      readonly viewer: number;
      readonly answerSdp: string;
      readonly mids: ReadonlySet<string>;
    }
  | {
      /** What it answered. */
      readonly type: "asked";
      readonly viewer: number;
      readonly answerSdp: string;
      readonly taken: ReadonlyMap<string, PayloadMapping>;
      readonly repaired: ReadonlySet<string>;
      /** It takes the sound that it was offered. */
      readonly takesSound: boolean;
    };

/** What that worker tells the hub. */
export type FromPublishChild =
  | FromChild
  /** It is connected, and sent the sound that it was offered. */
  | { readonly type: "audible"; readonly viewer: number }
  | { readonly type: "published-format"; readonly viewer: number; readonly format: Format }
  | {
      readonly type: "published";
      readonly viewer: number;
      readonly kind: "video" | "audio";
      readonly frame: Frame;
    };
