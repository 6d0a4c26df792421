import { codec, playout } from "../../protocols/room/constants.ts";

/** Samples of one frame of 20 ms. */
export const frameSamples = codec.frameSamples.value;

/**
 * The queue before the loudspeaker: it begins to play with two frames, takes fifteen, and drops the oldest when a sixteenth
 * comes, since what is late is worth less than what is new.
 */
export class Playout {
  /** Frames dropped since the queue was full. */
  overflow = 0;
  /** Times at which nothing was there in time. */
  underrun = 0;
  #frames: Int16Array[] = [];
  #playing = false;

  /** Frames that wait. */
  get size(): number {
    return this.#frames.length;
  }

  /** One more frame. */
  push(frame: Int16Array): void {
    this.#frames.push(frame);
    if (this.#frames.length <= playout.queueFrames.value) return;
    this.#frames.shift();
    this.overflow++;
  }

  /** The frame whose turn it is; undefined for silence. While a talk goes on, playing goes on over a gap. */
  pop(how: { readonly goesOn: boolean }): Int16Array | undefined {
    const { goesOn } = how;
    if (this.size >= playout.prefillFrames.value || (!goesOn && this.size > 0)) this.#playing = true;
    if (!this.#playing) return undefined;
    const frame = this.#frames.shift();
    if (frame) return frame;
    this.#playing = goesOn;
    if (goesOn) this.underrun++;
    return undefined;
  }

  /** Forgets what waits. */
  clear(): void {
    this.#frames = [];
    this.#playing = false;
  }
}
