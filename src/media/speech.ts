import type { AudioFormat } from "./format.ts";
import type { Frame } from "./frame.ts";

/** A stream of a talker's sound on its way to speakers: a browser's microphone, a file, spoken text. */
export interface SpeechSource {
  readonly format: AudioFormat;
  /** Live sound arrives in real time; a recording is pulled ahead at the pace of the speakers. */
  readonly live: boolean;
  readonly frames: AsyncIterable<Frame>;
}
