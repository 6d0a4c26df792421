/** Options of {@link OutgoingTalk}. */
export interface OutgoingTalkOptions {
  /** One packet of silence. */
  readonly silence: Uint8Array;
  /** Packets of silence at most before the first word: what wakes those who listen. */
  readonly leadIn: number;
  /** Packets of silence behind the last word. */
  readonly trailOut: number;
  /** Packets that may wait for their turn; the oldest is dropped beyond. */
  readonly maxQueued: number;
}

/**
 * What one talk sends at each tick of the clock. The lead-in begins with the talk and ends with the first word, so that no
 * word waits behind it; what came in a burst leaves one by one; the trail-out follows the last word. Pure.
 */
export class OutgoingTalk {
  /** Packets dropped because too many waited. */
  dropped = 0;
  #queue: Uint8Array[] = [];
  #leadIn: number;
  #trailOut: number;
  #ended = false;
  readonly #options: OutgoingTalkOptions;

  constructor(options: OutgoingTalkOptions) {
    this.#options = options;
    this.#leadIn = options.leadIn;
    this.#trailOut = options.trailOut;
  }

  /** True when all was given, the trail-out too. */
  get over(): boolean {
    return this.#ended && this.#queue.length === 0 && this.#trailOut === 0;
  }

  /** One packet of the talk. */
  push(opus: Uint8Array): void {
    if (this.#ended) return;
    this.#leadIn = 0;
    this.#queue.push(opus);
    if (this.#queue.length <= this.#options.maxQueued) return;
    this.#queue.shift();
    this.dropped++;
  }

  /** The last word was pushed. */
  finish(): void {
    this.#ended = true;
    this.#leadIn = 0;
  }

  /** The talk stops here: what waits is thrown away, the trail-out is still to come. */
  cut(): void {
    this.#queue = [];
    this.finish();
  }

  /** What leaves at this tick; undefined for nothing. */
  tick(): Uint8Array | undefined {
    const next = this.#queue.shift();
    if (next) return next;
    if (this.#leadIn > 0) {
      this.#leadIn--;
      return this.#options.silence;
    }
    if (!this.#ended || this.#trailOut === 0) return undefined;
    this.#trailOut--;
    return this.#options.silence;
  }
}
