import type { Clock } from "../util/clock.ts";

/** How many tries there are at once, and in which time as many come back. */
export interface BucketSize {
  readonly tries: number;
  readonly perMs: number;
}

interface Bucket {
  left: number;
  atUs: number;
}

/** Most keys remembered; when there are more, the one that was used longest ago is forgotten. */
const maxKeys = 20_000;

/** Tries by key, which come back with time (token buckets). */
export class Buckets {
  readonly #clock: Clock;
  readonly #size: BucketSize;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: { readonly clock: Clock; readonly size: BucketSize }) {
    this.#clock = options.clock;
    this.#size = options.size;
  }

  /** Seconds until `key` may try; 0 when it may now. */
  waitSeconds(key: string): number {
    const { left } = this.#now(key);
    return left >= 1 ? 0 : Math.max(1, Math.ceil(((1 - left) * this.#size.perMs) / this.#size.tries / 1000 - 1e-6));
  }

  /** Counts a try, from its start. */
  take(key: string): void {
    const { left, atUs } = this.#now(key);
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: left - 1, atUs });
    const [oldest] = this.#buckets.size > maxKeys ? this.#buckets.keys() : [];
    if (oldest !== undefined) this.#buckets.delete(oldest);
  }

  /** The try does not count: it succeeded. */
  giveBack(key: string): void {
    const { left, atUs } = this.#now(key);
    if (this.#buckets.has(key)) this.#buckets.set(key, { left: Math.min(this.#size.tries, left + 1), atUs });
  }

  /** True for whoever tried, without success, within the time in which all tries come back. */
  hasTried(key: string): boolean {
    return this.#now(key).left < this.#size.tries;
  }

  #now(key: string): Bucket {
    const { tries, perMs } = this.#size;
    const nowUs = this.#clock.nowUs();
    const bucket = this.#buckets.get(key) ?? { left: tries, atUs: nowUs };
    const back = ((nowUs - bucket.atUs) * tries) / (perMs * 1000);
    return { left: Math.min(tries, bucket.left + back), atUs: nowUs };
  }
}
