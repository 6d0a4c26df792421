import type { Clock } from "../util/clock.ts";
import type { Frame } from "./frame.ts";

/** Options of {@link JitterBuffer}. */
export interface JitterOptions {
  readonly clock: Clock;
  /** Duration of one frame in microseconds; 20,000 by default. */
  readonly frameUs?: number;
  /** Bounds of the delay that is aimed at; 20 and 240 ms by default. */
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
}

/**
 * What to play next: a frame; a loss (to be concealed, with `next` in hand whose in-band FEC may hold a copy, RFC 6716
 * 2.1.7); or nothing at all, because no sound is coming.
 */
export type JitterOutput =
  | { readonly type: "frame"; readonly frame: Frame }
  | { readonly type: "lost"; readonly next?: Frame }
  | { readonly type: "idle" };

/** Monotonic counters. */
export interface JitterCounters {
  played: number;
  /** Frames that never came, or came too late. */
  lost: number;
  /** Frames that came after their turn. */
  late: number;
  /** Turns at which nothing was there. */
  underruns: number;
  /** Frames left out to bring the delay down again. */
  shed: number;
}

/** Arrivals from which the delay is judged: two seconds of 20 ms frames. */
const window = 100;
/** Losses in a row after which the sound is over, or the talker silent. */
const maxConceal = 5;

/**
 * Evens out the arrival of live sound: frames go in as they come, in any order, and one comes out whenever its owner
 * asks, once per frame duration. The delay follows the network: as large as nearly all of the last two seconds needed,
 * growing at once with an underrun, shrinking by one frame a second. Pure: it has no timer of its own.
 *
 * For sources that send sound over the network without a clock of ours (room stations, doors); none is there yet.
 */
export class JitterBuffer {
  readonly counters: JitterCounters = { played: 0, lost: 0, late: 0, underruns: 0, shed: 0 };
  #frames: Frame[] = [];
  /** Timestamp of the frame whose turn is next; undefined while filling up. */
  #nextUs: number | undefined;
  #transits: number[] = [];
  /** The same, the fastest first: kept in order, since each turn asks for them. */
  readonly #sorted: number[] = [];
  #concealed = 0;
  #lastShedUs = 0;
  readonly #clock: Clock;
  readonly #frameUs: number;
  readonly #minUs: number;
  readonly #maxUs: number;

  constructor(options: JitterOptions) {
    this.#clock = options.clock;
    this.#frameUs = options.frameUs ?? 20_000;
    this.#minUs = (options.minDelayMs ?? 20) * 1000;
    this.#maxUs = (options.maxDelayMs ?? 240) * 1000;
  }

  /** Delay that is aimed at, in microseconds: what 97 % of the last arrivals needed, in whole frames. */
  get targetUs(): number {
    if (this.#transits.length === 0) return this.#minUs;
    const sorted = this.#sorted;
    const spread = (sorted[Math.floor((sorted.length - 1) * 0.97)] ?? 0) - (sorted[0] ?? 0);
    const whole = Math.ceil(spread / this.#frameUs) * this.#frameUs;
    return Math.max(this.#minUs, Math.min(this.#maxUs, whole));
  }

  /** Sound that is buffered, in microseconds. */
  get bufferedUs(): number {
    return this.#frames.length * this.#frameUs;
  }

  /** A frame has arrived. */
  push(frame: Frame): void {
    this.#arrived(this.#clock.nowUs() - frame.timestampUs);
    if (this.#nextUs !== undefined && frame.timestampUs < this.#nextUs - this.#frameUs / 2) {
      this.counters.late++;
      return;
    }
    const before = this.#frames.findLastIndex((other) => other.timestampUs <= frame.timestampUs);
    if (this.#frames[before]?.timestampUs === frame.timestampUs) return; // sent twice
    this.#frames.splice(before + 1, 0, frame);
    while (this.bufferedUs > 2 * this.#maxUs) this.#shed();
  }

  /** The next turn: to be called once per frame duration. */
  pull(): JitterOutput {
    const first = this.#frames[0];
    if (this.#nextUs === undefined) {
      if (!first || !this.#filled(first)) return { type: "idle" };
      this.#nextUs = first.timestampUs;
    }
    this.#shrink();
    return this.#turn(this.#frames[0], this.#nextUs);
  }

  #turn(first: Frame | undefined, nextUs: number): JitterOutput {
    if (!first) return this.#underrun();
    if (first.timestampUs - nextUs >= this.#frameUs / 2) return this.#loss(first, nextUs);
    this.#frames.shift();
    this.#nextUs = first.timestampUs + this.#frameUs;
    this.#concealed = 0;
    this.counters.played++;
    return { type: "frame", frame: first };
  }

  /** Frames are there, but not this one. A long silence of the talker is passed over at once. */
  #loss(first: Frame, nextUs: number): JitterOutput {
    const missing = Math.round((first.timestampUs - nextUs) / this.#frameUs);
    if (missing <= maxConceal && this.#heldBackUs(nextUs) < this.targetUs) return this.#underrun(); // it may yet come
    if (missing > maxConceal) this.#nextUs = first.timestampUs - this.#frameUs;
    this.#nextUs = (this.#nextUs ?? nextUs) + this.#frameUs;
    this.counters.lost++;
    return missing === 1 || missing > maxConceal ? { type: "lost", next: first } : { type: "lost" };
  }

  /** Nothing is there: time stands still, so that what comes late is still heard and the delay has grown. */
  #underrun(): JitterOutput {
    if (++this.#concealed > maxConceal) {
      this.#nextUs = undefined;
      this.#concealed = 0;
      return { type: "idle" };
    }
    this.counters.underruns++;
    return { type: "lost" };
  }

  #filled(first: Frame): boolean {
    return this.bufferedUs > this.targetUs || this.#heldBackUs(first.timestampUs) >= this.targetUs;
  }

  /** How long a frame of this timestamp would have been here by now, had it come as fast as the fastest. */
  #heldBackUs(timestampUs: number): number {
    return this.#clock.nowUs() - timestampUs - (this.#sorted[0] ?? Number.POSITIVE_INFINITY);
  }

  #arrived(transitUs: number): void {
    this.#transits.push(transitUs);
    this.#sorted.splice(placeOf(this.#sorted, transitUs), 0, transitUs);
    if (this.#transits.length <= window) return;
    const oldest = this.#transits.shift();
    if (oldest !== undefined) this.#sorted.splice(placeOf(this.#sorted, oldest), 1);
  }

  #shrink(): void {
    const nowUs = this.#clock.nowUs();
    if (this.bufferedUs <= this.targetUs + 2 * this.#frameUs || nowUs - this.#lastShedUs < 1_000_000) return;
    this.#lastShedUs = nowUs;
    this.#shed();
  }

  #shed(): void {
    const gone = this.#frames.shift();
    if (!gone) return;
    this.counters.shed++;
    if (this.#nextUs !== undefined) this.#nextUs = gone.timestampUs + this.#frameUs;
  }
}

/** Index of the first number that is not below `value`. */
function placeOf(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
