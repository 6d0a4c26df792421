import type { AudioFormat } from "../media/format.ts";
import type { Frame } from "../media/frame.ts";

/** What a speaker wants to hear. */
export interface Wanted {
  readonly format: AudioFormat;
  /** Loudness; 1 is unchanged. */
  readonly gain: number;
}

/** A speaker's share of a turn's sound. */
export interface Share {
  readonly frames: AsyncIterable<Frame>;
  /** Frames that this speaker lost because it was slow, or the conversion was. */
  readonly lostFrames: number;
}

/** A place kept for a speaker that may still have to be connected: what is said meanwhile is not lost on it. */
export interface Seat extends Disposable {
  /** The sound for a speaker that is ready. Throws what the conversion, or the recording, throws when it opens. */
  open(wanted: Wanted): Promise<Share>;
}

/** The sound of one turn, made once for each format and loudness, for speakers that come when they are ready. */
export interface TurnSound extends AsyncDisposable {
  /** Which microphone it is of; none of a recording. */
  readonly voice?: string;
  /** Which of a speaker's formats costs least, its best ones first. */
  choose(formats: readonly AudioFormat[]): AudioFormat | undefined;
  seat(): Seat;
  /** The talker let go: what was said is still given to the speakers, then their shares end. */
  end(): void;
}

/** Names a format and loudness: speakers for which it is the same share one conversion. */
export function wantedKey({ format, gain }: Wanted): string {
  return `${formatKey(format)}@${gain}`;
}

/** Names a sound format. */
export function formatKey({ codec, sampleRateHz, channels }: AudioFormat): string {
  return `${codec}/${sampleRateHz}/${channels}`;
}
