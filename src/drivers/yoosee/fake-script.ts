import type { ProfileName } from "./profile.ts";

/** What a scripted camera does wrong, and how it is built. Everything may be changed while it runs. */
export interface FakeYooseeScript {
  /** The dialects that it understands; another one is answered 400. */
  dialects: readonly ProfileName[];
  /** The decoder closes this long after the last OPEN; 0: never. Real firmwares: about 5 s, or never. */
  decoderTimeoutMs: number;
  /** Answers OPEN with this status line instead, e.g. "453 Not Enough Bandwidth". */
  refuse: string | undefined;
  /** Replies arrive in two segments, cut inside the status line. */
  splitReply: boolean;
  /** Answers this late. */
  replyDelayMs: number;
  /** Never answers OPEN. */
  mute: boolean;
  /** Answers CLOSE. Not every firmware is known to. */
  answersClose: boolean;
  /** A second talker is refused while one speaks. */
  oneTalker: boolean;
}

/** One thing that happened at the camera, for tests to wait for. */
export type FakeYooseeEvent =
  | {
      readonly type: "control";
      readonly verb: string;
      readonly text: string;
      readonly status: number;
      readonly atUs: number;
    }
  | { readonly type: "connected" | "disconnected" | "record"; readonly atUs: number };
