import type { AudioFormat } from "./format.ts";
import type { Frame } from "./frame.ts";

/** Sound that is made now: a microphone. It arrives in real time and is to be heard at once. */
export interface LiveSpeech {
  readonly live: true;
  readonly format: AudioFormat;
  /** Ends when the talker stops. */
  readonly frames: AsyncIterable<Frame>;
}

/** Sound that exists already: a file, spoken text. It is made in the speaker's own format and pulled at its pace. */
export interface RecordedSpeech {
  readonly live: false;
  /** Opens it from its beginning. Blocks of 20 ms in `output`'s format. The caller disposes what it got. */
  open(output: AudioFormat, options: { readonly gain: number; readonly signal: AbortSignal }): Promise<RecordedFrames>;
}

/** An opened recording; the pull is the back-pressure. */
export interface RecordedFrames extends AsyncDisposable {
  readonly frames: AsyncIterable<Frame>;
}

/** A talker's sound on its way to speakers. */
export type SpeechSource = LiveSpeech | RecordedSpeech;
