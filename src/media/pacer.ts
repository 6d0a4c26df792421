/** A block of sound that wants to be sent. */
export interface BlockInfo {
  readonly durationUs: number;
  /** Nobody misses it: leaving it out, or putting silence before it, is not heard. */
  readonly quiet: boolean;
}

/** What to do with a block: wait and ask again, send it (after some blocks of silence), or leave it out. */
export type Verdict =
  | { readonly kind: "wait"; readonly waitUs: number }
  | { readonly kind: "send"; readonly silenceBlocks: number }
  | { readonly kind: "drop" };

/** What a pacer knows; times in milliseconds. */
export interface PaceReport {
  /** How much of what was sent the device has not played yet (estimate); 0 when it ran dry, never less. */
  readonly leadMs: number;
  /** The lead that the pacer aims at now. */
  readonly targetLeadMs: number;
  /** Sound sent since the beginning, inserted silence included. */
  readonly sentMs: number;
  /** How often the device must have run dry, not counting pauses of the talker. */
  readonly underruns: number;
  /** Blocks left out to come back to the present (live only). */
  readonly droppedBlocks: number;
  /** Blocks of silence put in (live only). */
  readonly insertedBlocks: number;
}

/**
 * Decides when each block of sound goes to a device that plays it at once and tells nothing back. Pure: the caller
 * passes the time. All times are absolute, so that no error adds up over hours.
 *
 * The device is thought of as a clock: it plays from the moment that the first block was sent, and what was sent minus
 * what it has played is the lead. When a lead falls below zero the device ran dry; the model then moves its start, so
 * that the lead stays the real one and a stall is never "caught up" beyond the cap.
 */
export interface Pacer {
  verdict(nowUs: number, block: BlockInfo): Verdict;
  /** Sound was sent (a block, or silence of the verdict). */
  sent(nowUs: number, durationUs: number): void;
  /** What was sent is known to have reached the device `delayMs` late (its answer to something else came late). */
  stalled(nowUs: number, delayMs: number): void;
  report(nowUs: number): PaceReport;
}

/** The device's playing as a clock: what {@link Pacer} implementations share. */
export class PlayoutModel {
  #startUs: number | undefined;
  #sentUs = 0;

  /** Sound sent so far, µs. */
  get sentUs(): number {
    return this.#sentUs;
  }

  /** When the device began to play, moved on by the times it ran dry; undefined before the first block. */
  get startUs(): number | undefined {
    return this.#startUs;
  }

  /** Sent but not yet played, µs; negative when dry. 0 before the first block. */
  leadUs(nowUs: number): number {
    return this.#startUs === undefined ? 0 : this.#sentUs - (nowUs - this.#startUs);
  }

  /** What the device still has to play, ms: 0 when dry. */
  heldMs(nowUs: number): number {
    return Math.max(0, this.leadUs(nowUs)) / 1000;
  }

  sent(nowUs: number, durationUs: number): void {
    this.#startUs ??= nowUs;
    this.#sentUs += durationUs;
  }

  /** The device stood still for `us` although the clock went on. */
  paused(us: number): void {
    if (this.#startUs !== undefined) this.#startUs += us;
  }
}
