import { ReplayWindow } from "../../protocols/room/authentic.ts";
import { floor } from "../../protocols/room/constants.ts";

/** What came of one talk to the group. */
export interface HeardTalk {
  /** 16 hexadecimal digits. */
  readonly from: string;
  /** Packets that came, each once, silence too. */
  readonly heard: number;
  /** Packets between the first and the last of them that did not come. */
  readonly lost: number;
}

interface Count {
  readonly seen: ReplayWindow;
  heard: number;
  first: number;
  last: number;
  atMs: number;
}

/** More talk at once than are listened to. */
const maxSenders = 8;
/** A sequence so far from the last is another count. */
const furthest = 500;

/**
 * Counts what comes by the group, whoever has the floor: by that the hub learns how good the network is for everybody's talk.
 * Pure: time comes in as an argument (ms).
 */
export class MulticastCount {
  readonly #counts = new Map<string, Count>();

  /** A packet came by the group. */
  count({ sender, sequence }: { readonly sender: string; readonly sequence: number }, nowMs: number): void {
    const known = this.#counts.get(sender);
    const ahead = known ? (sequence - known.last) | 0 : Number.POSITIVE_INFINITY;
    const count = known && Math.abs(ahead) < furthest ? known : this.#begin(sender, sequence);
    if (!count) return;
    count.atMs = nowMs;
    if (ahead > 0) count.last = sequence;
    if (count.seen.take(sequence)) count.heard++;
  }

  /** Talks that are over since it was asked last. */
  over(nowMs: number): readonly HeardTalk[] {
    const ended = [...this.#counts].filter(([, { atMs }]) => nowMs - atMs >= floor.releaseMs.value);
    return ended.map(([from, { heard, first, last }]) => {
      this.#counts.delete(from);
      return { from, heard, lost: Math.max(0, ((last - first) | 0) + 1 - heard) };
    });
  }

  #begin(sender: string, sequence: number): Count | undefined {
    if (!this.#counts.has(sender) && this.#counts.size >= maxSenders) return undefined;
    const count = { seen: new ReplayWindow(), heard: 0, first: sequence, last: sequence, atMs: 0 };
    this.#counts.set(sender, count);
    return count;
  }
}
