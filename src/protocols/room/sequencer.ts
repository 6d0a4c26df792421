import type { RoomPacket } from "./packet.ts";

/** Options of {@link Sequencer}. */
export interface SequencerOptions {
  /** How long a missing packet is waited for; 60 ms unless told. */
  readonly maxWaitMs?: number;
}

/** A packet in its turn. */
export interface Sequenced {
  readonly packet: RoomPacket;
  /** Packets that never came between the one before and this one. */
  readonly lostBefore: number;
}

/** Monotonic counters. */
export interface SequencerCounters {
  received: number;
  /** Copies of what had come already: access points have been seen to deliver each packet four times. */
  duplicate: number;
  /** Never came, or came after they had been given up. */
  lost: number;
  /** Times at which the sender began to count anew. */
  restarts: number;
}

/** Further ahead is no gap of a talk, but another count: 5 s. */
const furthestAhead = 250;
/** Further behind is no straggler. */
const furthestBehind = 64;
/** So many packets in a row that go on from one another show that a sender counts anew. */
const restartRun = 3;
const maxHeld = 8;

interface Held {
  readonly packet: RoomPacket;
  readonly atUs: number;
}

/**
 * Puts the packets of one sender into sequence: copies are removed, a wrong order is repaired, and what is missing is
 * waited for a little and then counted. Pure: time comes in as an argument (µs). Sequences wrap at 32 bits.
 */
export class Sequencer {
  readonly counters: SequencerCounters = { received: 0, duplicate: 0, lost: 0, restarts: 0 };
  #next: number | undefined;
  #held = new Map<number, Held>();
  /** What came far from its turn, and how many in a row did. */
  #strange: { readonly next: number; readonly run: number } | undefined;
  readonly #maxWaitUs: number;

  constructor(options: SequencerOptions = {}) {
    this.#maxWaitUs = (options.maxWaitMs ?? 60) * 1000;
  }

  /** Takes one packet as it arrived; gives those whose turn it is. */
  push(packet: RoomPacket, nowUs: number): Sequenced[] {
    this.counters.received++;
    const ahead = this.#next === undefined ? 0 : (packet.sequence - this.#next) | 0;
    const strange = ahead > furthestAhead || ahead < -furthestBehind;
    if (strange && !this.#countsAnew(packet.sequence)) return this.expire(nowUs);
    if (strange) return [...this.#restart(), ...this.#take(packet, nowUs)];
    this.#strange = undefined;
    if (ahead < 0 || this.#held.has(packet.sequence)) {
      this.counters.duplicate++;
      return this.expire(nowUs);
    }
    return this.#take(packet, nowUs);
  }

  /** Those whose predecessors have been waited for long enough. */
  expire(nowUs: number): Sequenced[] {
    const ready: Sequenced[] = [];
    while (this.#held.size > 0 && (this.#held.size > maxHeld || this.#oldestUs() + this.#maxWaitUs <= nowUs)) {
      ready.push(...this.#skip());
    }
    return ready;
  }

  /** Gives up what is missing before the first one held, if any is: whoever plays has nothing left to wait with. */
  skip(): Sequenced[] {
    return this.#held.size > 0 ? this.#skip() : [];
  }

  /** When `expire` has something to do; undefined while nothing is held back. */
  nextUs(): number | undefined {
    return this.#held.size > 0 ? this.#oldestUs() + this.#maxWaitUs : undefined;
  }

  /** The talk is over: whatever is held back, now. What comes next may begin anywhere. */
  end(): Sequenced[] {
    const ready: Sequenced[] = [];
    while (this.#held.size > 0) ready.push(...this.#skip());
    this.#next = undefined;
    this.#strange = undefined;
    return ready;
  }

  #take(packet: RoomPacket, nowUs: number): Sequenced[] {
    this.#next ??= packet.sequence;
    this.#held.set(packet.sequence, { packet, atUs: nowUs });
    return [...this.#drain(0), ...this.expire(nowUs)];
  }

  #drain(lostBefore: number): Sequenced[] {
    const ready: Sequenced[] = [];
    let lost = lostBefore;
    for (;;) {
      const held = this.#next === undefined ? undefined : this.#held.get(this.#next);
      if (!held) return ready;
      this.#held.delete(held.packet.sequence);
      ready.push({ packet: held.packet, lostBefore: lost });
      lost = 0;
      this.#next = (held.packet.sequence + 1) >>> 0;
    }
  }

  /** Gives up what is missing before the first one held. */
  #skip(): Sequenced[] {
    const from = this.#next ?? 0;
    const gap = Math.min(...[...this.#held.keys()].map((sequence) => (sequence - from) >>> 0));
    this.counters.lost += gap;
    this.#next = (from + gap) >>> 0;
    return this.#drain(gap);
  }

  #restart(): Sequenced[] {
    this.counters.restarts++;
    return this.end();
  }

  #countsAnew(sequence: number): boolean {
    const run = this.#strange?.next === sequence ? this.#strange.run + 1 : 1;
    this.#strange = { next: (sequence + 1) >>> 0, run };
    return run >= restartRun;
  }

  #oldestUs(): number {
    return Math.min(...[...this.#held.values()].map(({ atUs }) => atUs));
  }
}
