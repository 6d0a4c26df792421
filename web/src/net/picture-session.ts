import type { OddPicture } from "../pure/picture-words.ts";
import type { Numbers } from "./numbers.ts";

/** One picture with its sound, from its opening to its end, by whichever way it comes. */
export interface PictureSession {
  /** What the hub calls it; empty where it calls it nothing. */
  readonly id: string;
  readonly hasVideo: boolean;
  readonly hasAudio: boolean;
  /** There is a way to the hub. */
  readonly hasWay: boolean;
  /** ICE servers that the hub names, for the next session. */
  readonly iceServers: readonly RTCIceServer[];
  /** What the hub converts the picture from, and why; undefined where it comes as the camera makes it. */
  readonly converted: (OddPicture & { readonly tried?: "faults" | "slow" }) | undefined;
  /** What this browser decodes by itself, and why; undefined where WebRTC does. */
  readonly decoded?: OddPicture;
  /** Since the last look. */
  numbers(): Promise<Numbers>;
  /** Whether the hub still knows it. */
  alive(): Promise<boolean>;
  /** Asks for the small picture or the large one; see `WhepSession.turn`. */
  turn(rendition: "main" | "sub"): Promise<"shown" | "late" | "differs" | "lost">;
  /** Ends it here and at the hub. */
  close(): void;
}
