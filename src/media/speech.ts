import type { AudioFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import type { Track } from "./track.ts";

/** Sound that is made now: a microphone. It arrives in real time and is to be heard at once. */
export interface LiveSpeech {
  readonly live: true;
  /** The talker's voice; whoever opened it closes it when the talker is gone. */
  readonly voice: Track;
  /** Packets that were lost on their way to the hub so far, where it is known. */
  lostPackets?(): number;
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

/** One turn at a speaker: from the moment somebody holds its floor until they let go. */
export interface Speech {
  /** One of the formats that the speaker offered; every frame is in it. */
  readonly format: AudioFormat;
  /** Live sound arrives in real time and is to be heard at once; a recording may be sent ahead. */
  readonly live: boolean;
  /** Of live sound: whose microphone it is, for what a device learns of its way. */
  readonly voice?: string;
  /** 0 normal (unless told), 1 high, 2 emergency: for devices that tell it on. */
  readonly priority?: 0 | 1 | 2;
  /** Ends when the talker lets go, also after `signal` aborted. A reader that is slow loses the oldest live sound. */
  readonly frames: AsyncIterable<Frame>;
  /** Aborts when the sound must stop now (pre-empted, cancelled); what is buffered is to be thrown away. */
  readonly signal: AbortSignal;
}
