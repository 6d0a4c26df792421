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

/** Ticks for which it is looked whether fewer packets could wait, for words and for the quiet between them: 2 s, 0.4 s. */
const wordTicks = 100;
const quietTicks = 20;
/** So many waited at every tick of that time: the talk is late by as much, and needs not be. */
const needlessWords = 3;
const needlessQuiet = 2;

/**
 * What one talk sends at each tick of the clock. The lead-in begins with the talk and ends with the first word, so that no
 * word waits behind it; what came in a burst leaves one by one; the trail-out follows the last word. A talk that is late
 * for no reason (a stall, or a microphone that began with a burst) is on time again from the next pause on, of which it leaves
 * packets out; without one it leaves its shortest packet out now and then. Pure.
 */
export class OutgoingTalk {
  /** Packets dropped because too many waited. */
  dropped = 0;
  #queue: Outgoing[] = [];
  #leadIn: number;
  #trailOut: number;
  #ended = false;
  /** How few waited at a tick, within the time for words and within that for the quiet. */
  #least = { words: Number.POSITIVE_INFINITY, quiet: Number.POSITIVE_INFINITY };
  #ticks = 0;
  /** Of the packets so far, the newer counting more. */
  #meanBytes = 0;
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

  /** True until its first word was pushed. */
  get isLeadIn(): boolean {
    return this.#meanBytes === 0;
  }

  /** One packet of the talk; undefined for one that was lost on its way to us. */
  push(opus: Uint8Array | undefined): void {
    if (this.#ended) return;
    this.#leadIn = 0;
    this.#queue.push(opus ?? "gap");
    this.#meanBytes += (lengthOf(opus ?? "gap") - this.#meanBytes) / wordTicks;
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
    const least = this.#least;
    least.words = Math.min(least.words, this.#queue.length);
    least.quiet = Math.min(least.quiet, this.#queue.length);
    this.#ticks++;
    if (this.#ticks % quietTicks === 0) {
      for (let left = least.quiet; left >= needlessQuiet && this.#leaveOut("quiet"); left--);
      least.quiet = Number.POSITIVE_INFINITY;
    }
    if (this.#ticks % wordTicks === 0) {
      if (least.words >= needlessWords) this.#leaveOut("words");
      least.words = Number.POSITIVE_INFINITY;
    }
  }

  /** Leaves the shortest packet out of what waits; false where that would be a word and only quiet may go. */
  #leaveOut(what: "words" | "quiet"): boolean {
    const lengths = this.#queue.map(lengthOf);
    const shortest = Math.min(...lengths);
    if (lengths.length === 0 || (what === "quiet" && shortest > this.#meanBytes / 2)) return false;
    this.#queue.splice(lengths.indexOf(shortest), 1);
    this.dropped++;
    return true;
  }
}

function lengthOf(one: Outgoing): number {
  return one === "gap" ? 0 : one.length;
}
