import type { PacketFrame } from "./packet-track.ts";

/** Packets of one frame that left in a row. */
export interface SentRun {
  readonly packets: readonly Buffer[];
  readonly offsets: readonly number[] | undefined;
  /** Place of the first of them in the frame. */
  readonly first: number;
  readonly count: number;
  /** Number of that first one; those of the others follow. */
  readonly sequence: number;
  /** Of the frame, not wrapped. */
  readonly timestamp: number;
}

/** One packet that left: its run, and its place in the frame. */
export interface SentPlace {
  readonly run: SentRun;
  readonly place: number;
}

/**
 * How far back a viewer may ask for packets. libsrtp refuses to protect again what is 1024 numbers or more behind its newest
 * packet (the window that libdatachannel sets): older ones would be held for nothing.
 */
const held = { frames: 64, packets: 1000, bytes: 2 * 1024 * 1024 };

/**
 * Which packets of which frames a viewer was sent last, and under which numbers: enough to make the same bytes again. The
 * packets themselves are the track's, which all its viewers share; the chain of frames is not held.
 */
export class SentPackets {
  /** The oldest first. */
  #runs: SentRun[] = [];
  #packets = 0;
  #bytes = 0;

  /**
   * Notes that packets of a frame left. Held are the last 64 frames, or fewer: those before the last 1000 packets are let go
   * of, and those beyond 2 MiB. The newest frame is held whatever its size.
   */
  add(frame: PacketFrame, left: Pick<SentRun, "first" | "count" | "sequence" | "timestamp">): void {
    if (left.count === 0) return;
    this.#packets += left.count;
    const last = this.#runs.at(-1);
    if (last && goesOn(last, frame, left))
      this.#runs[this.#runs.length - 1] = { ...last, count: last.count + left.count };
    else {
      this.#runs.push({ packets: frame.packets, offsets: frame.offsets, ...left });
      this.#bytes += bytesOf(frame.packets);
    }
    while (this.#holdsTooMuch()) this.#dropOldest();
  }

  /** What left last under a number; undefined for what is 1000 numbers or more behind the newest. */
  find(sequence: number): SentPlace | undefined {
    const newest = this.#runs.at(-1);
    if (!newest || ((newest.sequence + newest.count - 1 - sequence) & 0xffff) >= held.packets) return undefined;
    for (let i = this.#runs.length - 1; i >= 0; i--) {
      const run = this.#runs[i]!;
      const after = (sequence - run.sequence) & 0xffff;
      if (after < run.count) return { run, place: run.first + after };
    }
    return undefined;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#runs = [];
    this.#packets = 0;
    this.#bytes = 0;
  }

  #holdsTooMuch(): boolean {
    const [oldest, next] = this.#runs;
    if (!oldest || !next) return false;
    return this.#runs.length > held.frames || this.#packets - oldest.count >= held.packets || this.#bytes > held.bytes;
  }

  #dropOldest(): void {
    const oldest = this.#runs.shift();
    if (!oldest) return;
    this.#packets -= oldest.count;
    this.#bytes -= bytesOf(oldest.packets);
  }
}

/** Whether what left is the next of the same frame, which was broken off meanwhile. */
function goesOn(run: SentRun, frame: PacketFrame, left: Pick<SentRun, "first" | "sequence" | "timestamp">): boolean {
  return (
    run.packets === frame.packets &&
    run.first + run.count === left.first &&
    ((run.sequence + run.count) & 0xffff) === left.sequence &&
    run.timestamp === left.timestamp
  );
}

/** What holding any packet of a frame holds: they are cut from one buffer. */
function bytesOf(packets: readonly Buffer[]): number {
  return packets[0]?.buffer.byteLength ?? 0;
}
