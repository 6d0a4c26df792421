import type { Clock } from "../util/clock.ts";

/** Options of {@link Timeline}. */
export interface TimelineOptions {
  readonly clock: Clock;
  /** Units per second of the stream's own timestamps, e.g. 90000. */
  readonly clockRateHz: number;
  /** Width of the stream's timestamp in bits; 32 for RTP. Omit for timestamps that never wrap. */
  readonly wrapBits?: number;
  /** A step further than this from real time is a jump; default 2000 ms. */
  readonly jumpMs?: number;
}

/** Nothing comes before its time: what seems to, was anchored too late or has jumped forward. */
const earlyUs = 250_000;
/** A network's stall is made up for by the burst after it; when all of a window is so late, time was set back. */
const standingLateUs = 300_000;
const driftWindowUs = 2_000_000;

/**
 * Maps one stream's own timestamps to the hub's monotonic microsecond clock. The first timestamp is anchored to its
 * arrival; wraps are unrolled; a jump (camera reboot, clock set, a burst at the beginning) re-anchors, a small one back
 * after two seconds, instead of stalling a viewer; slow drift between the camera's crystal and ours is followed at 0.1 %
 * at most, so that it is neither seen nor heard.
 */
export class Timeline {
  #lastRaw: number | undefined;
  #unrolled = 0;
  #anchorUs = 0;
  #anchorUnits = 0;
  #lastUs = Number.NEGATIVE_INFINITY;
  #exactUs = 0;
  #leastLateUs = Number.POSITIVE_INFINITY;
  #lastLateUs = 0;
  /** When the lateness last grew at once: the window in which it did tells nothing of what follows. */
  #grownLateUs = Number.NEGATIVE_INFINITY;
  #windowStartUs = 0;
  #resets = 0;
  readonly #options: TimelineOptions;

  constructor(options: TimelineOptions) {
    this.#options = options;
  }

  /** How often the timeline had to be anchored again after a jump. */
  get resets(): number {
    return this.#resets;
  }

  /** What `map` gave last, but for being non-decreasing: B pictures lie before what came before them. */
  get exactUs(): number {
    return this.#exactUs;
  }

  /** Hub time of the stream's timestamp `raw`, which arrived now; non-decreasing. */
  map(raw: number): number {
    const nowUs = this.#options.clock.nowUs();
    this.#unroll(raw);
    const us = this.#anchorUs + ((this.#unrolled - this.#anchorUnits) * 1e6) / this.#options.clockRateHz;
    const lateUs = nowUs - us;
    const jumped = lateUs < -earlyUs || Math.abs(lateUs) > (this.#options.jumpMs ?? 2000) * 1000;
    if (this.#lastUs === Number.NEGATIVE_INFINITY || jumped) return this.#anchor(nowUs);
    this.#followDrift(lateUs, nowUs);
    return this.#emit(us);
  }

  #unroll(raw: number): void {
    if (this.#lastRaw === undefined) this.#unrolled = raw;
    else {
      let step = raw - this.#lastRaw;
      if (this.#options.wrapBits !== undefined) {
        const span = 2 ** this.#options.wrapBits;
        if (step < -span / 2) step += span;
        else if (step > span / 2) step -= span;
      }
      this.#unrolled += step;
    }
    this.#lastRaw = raw;
  }

  #anchor(nowUs: number): number {
    if (this.#lastUs !== Number.NEGATIVE_INFINITY) this.#resets++;
    this.#anchorUs = nowUs;
    this.#anchorUnits = this.#unrolled;
    this.#lastLateUs = 0;
    this.#leastLateUs = Number.POSITIVE_INFINITY;
    this.#windowStartUs = nowUs;
    return this.#emit(nowUs);
  }

  #followDrift(lateUs: number, nowUs: number): void {
    if (lateUs - this.#lastLateUs > standingLateUs) this.#grownLateUs = nowUs;
    this.#lastLateUs = lateUs;
    this.#leastLateUs = Math.min(this.#leastLateUs, lateUs);
    const windowUs = nowUs - this.#windowStartUs;
    if (windowUs < driftWindowUs) return;
    const standing = this.#leastLateUs > standingLateUs && this.#windowStartUs >= this.#grownLateUs;
    const limitUs = standing ? this.#leastLateUs : windowUs / 1000;
    if (standing) this.#resets++;
    this.#anchorUs += Math.max(-limitUs, Math.min(limitUs, this.#leastLateUs));
    this.#leastLateUs = Number.POSITIVE_INFINITY;
    this.#windowStartUs = nowUs;
  }

  #emit(us: number): number {
    this.#exactUs = Math.round(us);
    this.#lastUs = Math.max(this.#lastUs, this.#exactUs);
    return this.#lastUs;
  }
}
