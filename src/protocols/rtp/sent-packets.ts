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

/** How many frames back a viewer may ask for packets. */
const sentFrames = 64;

/**
 * Which packets of which frames a viewer was sent last, and under which numbers: enough to make the same bytes again. The
 * packets themselves are the track's, which all its viewers share; the chain of frames is not held.
 */
export class SentPackets {
  #runs: SentRun[] = [];
  #next = 0;

  /** Notes that packets of a frame left. Of what is not noted nothing is held: 64 frames are, at most. */
  add(frame: PacketFrame, left: Pick<SentRun, "first" | "count" | "sequence" | "timestamp">): void {
    if (left.count === 0) return;
    const { packets, offsets } = frame;
    this.#runs[this.#next] = { packets, offsets, ...left };
    this.#next = (this.#next + 1) % sentFrames;
  }

  /** What left last under a number: the run, and the packet's place in its frame. */
  find(sequence: number): { readonly run: SentRun; readonly place: number } | undefined {
    for (let back = 1; back <= this.#runs.length; back++) {
      const run = this.#runs[(this.#next - back + sentFrames) % sentFrames];
      const after = run ? (sequence - run.sequence) & 0xffff : 0;
      if (run && after < run.count) return { run, place: run.first + after };
    }
    return undefined;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#runs = [];
    this.#next = 0;
  }
}
