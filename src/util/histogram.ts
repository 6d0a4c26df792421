/** How long something took, counted by upper bounds, as Prometheus' histograms are. */
export interface HistogramCounts {
  /** Seconds. */
  readonly bounds: readonly number[];
  /** For each bound, how many took at most so long. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sumS: number;
}

/** Counts how long something took. */
export class Histogram implements HistogramCounts {
  readonly bounds: readonly number[];
  readonly counts: number[];
  count = 0;
  sumS = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = bounds.map(() => 0);
  }

  /** It took so long this time, in microseconds. */
  took(us: number): void {
    const seconds = us / 1e6;
    this.count++;
    this.sumS += seconds;
    for (const [index, bound] of this.bounds.entries())
      if (seconds <= bound) this.counts[index] = (this.counts[index] ?? 0) + 1;
  }
}
