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

/** What leaves at a tick: a packet, or the gap of one that was lost before it came to us. */
export type Outgoing = Uint8Array | "gap";

/** Ticks for which it is looked whether fewer packets could wait: 2 s. */
const windowTicks = 100;
/** So many waited at every tick of a window: the talk is late by as much, and needs not be. */
const needlessWait = 3;

/**
 * What one talk sends at each tick of the clock. The lead-in begins with the talk and ends with the first word, so that no
 * word waits behind it; what came in a burst leaves one by one; the trail-out follows the last word. A talk that is late
 * for no reason (a stall long ago) leaves its shortest packet out now and then, until it is not. Pure.
 */
export class OutgoingTalk {
  /** Packets dropped because too many waited. */
  dropped = 0;
  #queue: Outgoing[] = [];
  #leadIn: number;
  #trailOut: number;
  #ended = false;
  #leastWaiting = Number.POSITIVE_INFINITY;
  #ticks = 0;
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

  /** One packet of the talk; undefined for one that was lost on its way to us. */
  push(opus: Uint8Array | undefined): void {
    if (this.#ended) return;
    this.#leadIn = 0;
    this.#queue.push(opus ?? "gap");
    if (this.#queue.length <= this.#options.maxQueued) return;
    this.#queue.shift();
    this.dropped++;
  }

  /** The last word was pushed. */
  finish(): void {
    this.#ended = true;
    this.#leadIn = 0;
  }

  /** The talk stops here: what waits is thrown away, and nothing follows. */
  cut(): void {
    this.#queue = [];
    this.#trailOut = 0;
    this.finish();
  }

  /** What leaves at this tick; undefined for nothing. */
  tick(): Outgoing | undefined {
    this.#catchUp();
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

  #catchUp(): void {
    if (this.#ended) return;
    this.#leastWaiting = Math.min(this.#leastWaiting, this.#queue.length);
    if (++this.#ticks % windowTicks !== 0) return;
    if (this.#leastWaiting >= needlessWait) {
      const lengths = this.#queue.map((one) => (one === "gap" ? 0 : one.length));
      this.#queue.splice(lengths.indexOf(Math.min(...lengths)), 1);
      this.dropped++;
    }
    this.#leastWaiting = Number.POSITIVE_INFINITY;
  }
}
