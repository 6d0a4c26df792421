import { frameLength, type SoundForm } from "./sound-form.ts";

/** Frames of 20 ms: with how many spare ones playing begins, at least and at most. */
const leastMargin = 2;
const mostMargin = 10;
/** What waits beyond the block that came last, before the oldest is left out. */
const mostBehind = 20;
/** How often it is looked whether more waits than has to: 5 s. */
const window = 250;

/**
 * What waits for the loudspeaker. Sound comes in blocks of any length, from 10 to 400 ms, and leaves in frames of 20 ms: playing
 * begins a little after the first block, so that the next may be late; the little grows while blocks come too late, and what
 * waits for longer than it has to, since two clocks are never the same, is shortened by a frame now and then.
 */
export class BlockPlayout {
  /** Frames left out, and times at which nothing was there. */
  readonly counters = { shed: 0, underruns: 0 };
  readonly #length: number;
  #frames: Int16Array[] = [];
  #part: Int16Array;
  #partLength = 0;
  #blockFrames = 1;
  #margin = leastMargin;
  #ticksToStart: number | undefined;
  #playing = false;
  #ticks = 0;
  #least = Number.POSITIVE_INFINITY;

  constructor(form: SoundForm) {
    this.#length = frameLength(form);
    this.#part = new Int16Array(this.#length);
  }

  /** Frames that wait. */
  get size(): number {
    return this.#frames.length;
  }

  /** Takes a block in, of the playout's own form. */
  push(samples: Int16Array): void {
    this.#blockFrames = Math.max(1, Math.round(samples.length / this.#length));
    for (let at = 0; at < samples.length; ) {
      const piece = samples.subarray(at, at + this.#length - this.#partLength);
      this.#part.set(piece, this.#partLength);
      this.#partLength += piece.length;
      at += piece.length;
      if (this.#partLength === this.#length) this.#closePart();
    }
    if (!this.#playing) this.#ticksToStart ??= this.#margin;
    while (this.#frames.length > this.#blockFrames + this.#margin + mostBehind) this.#shed();
  }

  /** Silence in place of what was lost, so that what comes after it keeps its time. */
  pushSilence(samples: number): void {
    this.push(new Int16Array(Math.min(samples, this.#length * mostBehind)));
  }

  /** The frame whose turn it is; undefined for silence. */
  pop(): Int16Array | undefined {
    if (!this.#playing) {
      if (this.#ticksToStart === undefined || this.#ticksToStart-- > 0) return undefined;
      this.#ticksToStart = undefined;
      this.#playing = true;
    }
    this.#look();
    const frame = this.#frames.shift() ?? this.#lastPart();
    if (frame) return frame;
    this.#playing = false;
    this.counters.underruns++;
    this.#margin = Math.min(mostMargin, this.#margin + 1);
    return undefined;
  }

  /** Once a window: less margin while nothing was missed, and half of what waited all the time beyond it is left out. */
  #look(): void {
    this.#least = Math.min(this.#least, this.#frames.length);
    if (++this.#ticks < window) return;
    const spare = this.#least - this.#margin;
    for (let shed = 1; shed <= spare / 2; shed++) this.#shed();
    if (this.#least > 0) this.#margin = Math.max(leastMargin, this.#margin - 1);
    this.#ticks = 0;
    this.#least = Number.POSITIVE_INFINITY;
  }

  #shed(): void {
    this.#frames.shift();
    this.counters.shed++;
  }

  #closePart(): void {
    this.#frames.push(this.#part);
    this.#part = new Int16Array(this.#length);
    this.#partLength = 0;
  }

  /** What is shorter than a frame is played when nothing follows it. */
  #lastPart(): Int16Array | undefined {
    if (this.#partLength === 0) return undefined;
    this.#closePart();
    return this.#frames.shift();
  }
}
