/**
 * The rhythm in which pictures come, and whether they keep it. A browser that misses pictures asks for the last whole
 * one again and shows it: a lone picture, or a burst of old ones, is not yet a picture that moves.
 */
export class Rhythm {
  /** Typical time from one picture to the next, ms. */
  intervalMs = 40;
  #lastMs: number | undefined;
  #steady = 0;

  /** Notes a picture at `nowMs`; true when it and those before it came in a steady rhythm. */
  picture(nowMs: number): boolean {
    const gapMs = this.#lastMs === undefined ? this.intervalMs : nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    const steady = gapMs >= this.intervalMs * 0.5 && gapMs <= Math.max(2500, this.intervalMs * 3);
    this.#steady = steady ? this.#steady + 1 : 0;
    if (steady) this.intervalMs += (gapMs - this.intervalMs) * 0.1;
    return this.#steady >= (this.intervalMs > 400 ? 1 : 4);
  }
}
