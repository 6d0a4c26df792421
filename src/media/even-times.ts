/** A step back or a gap of more than this is no unevenness: the times begin anew. */
const jumpUs = 1_000_000;
/** How much of what is left between a time and its even one is made up for with each picture. */
const share = 8;
/** So many pictures wait for others at most: what was lost would else be a lag for good. */
const mostPending = 3;

/**
 * Times for pictures that come in the order in which they are shown, where the hub only knows in what order and when they
 * arrived (B pictures come after what they lie before). The same rate, evenly.
 */
export class EvenTimes {
  readonly #pending: number[] = [];
  #lastUs: number | undefined;
  #lastTakenUs = 0;
  #intervalUs = 0;

  /** A picture with this time was taken by the decoder; non-decreasing. */
  arrived(timestampUs: number): void {
    this.#pending.push(timestampUs);
    // What was damaged never comes out.
    if (this.#pending.length > mostPending) this.#pending.shift();
  }

  /** The time of the next picture that is shown. */
  next(): number {
    const takenUs = this.#pending.shift() ?? this.#lastTakenUs;
    const stepUs = takenUs - this.#lastTakenUs;
    this.#lastTakenUs = takenUs;
    const expectedUs = (this.#lastUs ?? takenUs) + this.#intervalUs;
    if (this.#lastUs === undefined || Math.abs(takenUs - expectedUs) > jumpUs) {
      this.#intervalUs = 0;
      this.#lastUs = Math.max(takenUs, this.#lastUs ?? takenUs);
      return this.#lastUs;
    }
    this.#intervalUs += (stepUs - this.#intervalUs) / share;
    const evenUs = Math.round(expectedUs + (takenUs - expectedUs) / share);
    this.#lastUs = Math.max(this.#lastUs + 1, evenUs);
    return this.#lastUs;
  }
}
