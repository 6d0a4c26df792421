import type { Clock } from "../util/clock.ts";

/** Options of {@link SmoothTimestamps}. */
export interface SmoothTimestampsOptions {
  readonly clock: Clock;
  /** Frames per second that the stream declares (SPS), if it does; believed until measuring says otherwise. */
  readonly frameRate?: number;
}

const windowUs = 500_000;
const measureUs = 2_000_000;
/** A frame that is later than this is not waited for to be caught up with: time goes on from where it is. */
const jumpUs = 200_000;
const keyJumpUs = 400_000;
/** How much of a period a frame may be stretched or squeezed to follow the camera's clock. */
const slewShare = 0.05;

/**
 * Timestamps for a video stream that has none of its own: evenly spaced by the declared or measured frame rate, so that
 * a burst after a network stall plays at its true speed, and held to the arrival of the least delayed frames, so that
 * they neither run ahead nor fall behind. Strictly increasing.
 */
export class SmoothTimestamps {
  #lastUs: number | undefined;
  #periodUs: number | undefined;
  #declaredUs: number | undefined;
  #slewUs = 0;
  #owedUs = 0;
  #leastLateUs = Number.POSITIVE_INFINITY;
  #windowStartUs = 0;
  #measureStartUs = 0;
  #measured = 0;
  #longestGapUs = 0;
  #lastArrivalUs = 0;
  #jumps = 0;
  readonly #clock: Clock;

  constructor(options: SmoothTimestampsOptions) {
    this.#clock = options.clock;
    this.declare(options.frameRate);
  }

  /** The stream declares another frame rate, or none. */
  declare(frameRate: number | undefined): void {
    this.#declaredUs = frameRate ? 1e6 / frameRate : undefined;
    this.#periodUs = this.#declaredUs ?? this.#periodUs;
  }

  /** How often time was set forward because frames were missing, not late. */
  get jumps(): number {
    return this.#jumps;
  }

  /** Microseconds from frame to frame that are gone by at the moment; undefined while unknown. */
  get periodUs(): number | undefined {
    return this.#periodUs;
  }

  /** Timestamp (hub clock, µs) of the frame that arrived now. */
  next(frame: { readonly key: boolean }): number {
    const nowUs = this.#clock.nowUs();
    this.#measure(nowUs);
    const us = this.#lastUs === undefined ? nowUs : this.#place(this.#lastUs, { nowUs, key: frame.key });
    this.#follow(us, nowUs);
    this.#lastUs = us;
    return us;
  }

  #place(lastUs: number, frame: { readonly nowUs: number; readonly key: boolean }): number {
    const { nowUs } = frame;
    const periodUs = this.#periodUs;
    if (periodUs === undefined) return Math.max(lastUs + 1000, nowUs);
    const expectedUs = Math.round(lastUs + periodUs + this.#slewUs);
    const missing = this.#owedUs > 0 || (frame.key && nowUs - expectedUs > keyJumpUs);
    if (missing) return this.#jump(Math.min(nowUs, expectedUs + (this.#owedUs || nowUs)), nowUs);
    return expectedUs > nowUs ? Math.max(lastUs + Math.round(periodUs / 4), nowUs) : expectedUs;
  }

  #jump(us: number, nowUs: number): number {
    this.#jumps++;
    this.#slewUs = 0;
    this.#owedUs = 0;
    this.#windowStartUs = nowUs;
    this.#leastLateUs = Number.POSITIVE_INFINITY;
    return us;
  }

  /** Every half second: the least late frame was late for no reason of the network's, so that much is made up for. */
  #follow(us: number, nowUs: number): void {
    this.#leastLateUs = Math.min(this.#leastLateUs, nowUs - us);
    const elapsedUs = nowUs - this.#windowStartUs;
    if (elapsedUs < windowUs) return;
    const lateUs = this.#leastLateUs;
    this.#windowStartUs = nowUs;
    this.#leastLateUs = Number.POSITIVE_INFINITY;
    const periodUs = this.#periodUs ?? 0;
    this.#slewUs = Math.max(0, Math.min(periodUs * slewShare, (lateUs * periodUs) / windowUs));
    if (lateUs > jumpUs) this.#owedUs = lateUs;
  }

  /** The true period, over spans without a stall; the declared one stands while it is within 3 % of it. */
  #measure(nowUs: number): void {
    const gapUs = nowUs - this.#lastArrivalUs;
    this.#lastArrivalUs = nowUs;
    if (this.#lastUs === undefined || gapUs > 1_500_000) {
      this.#startMeasuring(nowUs);
      if (this.#lastUs === undefined) this.#windowStartUs = nowUs;
      return;
    }
    this.#measured++;
    this.#longestGapUs = Math.max(this.#longestGapUs, gapUs);
    const elapsedUs = nowUs - this.#measureStartUs;
    const enough = elapsedUs >= (this.#periodUs === undefined ? measureUs / 4 : measureUs) && this.#measured >= 4;
    if (!enough) return;
    const periodUs = elapsedUs / this.#measured;
    if (this.#longestGapUs < periodUs * 4) {
      const declared = this.#declaredUs;
      this.#periodUs = declared && Math.abs(periodUs / declared - 1) < 0.03 ? declared : periodUs;
    }
    this.#startMeasuring(nowUs);
  }

  #startMeasuring(nowUs: number): void {
    this.#measureStartUs = nowUs;
    this.#measured = 0;
    this.#longestGapUs = 0;
  }
}
