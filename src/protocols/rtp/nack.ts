import type { Clock } from "../../util/clock.ts";

/** Options of {@link RepairRequests}. */
export interface RepairOptions {
  readonly clock: Clock;
  /** How long an answer is waited for before a packet is asked for again; 60 ms by default. */
  readonly againMs?: number;
  /** How often one packet is asked for at most; 5 times by default. */
  readonly maxTries?: number;
}

/** Most packets that one request names: beyond it so much is gone that a key frame is cheaper. */
const maxAtOnce = 64;

/** Which missing packets to ask for when (generic NACK, RFC 4585, 6.2.1): each at once, then again, a few times. */
export class RepairRequests {
  #asked = new Map<number, { readonly tries: number; readonly atUs: number }>();
  readonly #clock: Clock;
  readonly #againUs: number;
  readonly #maxTries: number;

  constructor(options: RepairOptions) {
    this.#clock = options.clock;
    this.#againUs = (options.againMs ?? 60) * 1000;
    this.#maxTries = options.maxTries ?? 5;
  }

  /** Those of the packets that are missing now which are to be asked for now. What is missing no more is forgotten. */
  due(missing: readonly number[]): readonly number[] {
    if (missing.length === 0 && this.#asked.size === 0) return [];
    const nowUs = this.#clock.nowUs();
    const next = new Map<number, { readonly tries: number; readonly atUs: number }>();
    const due: number[] = [];
    for (const sequence of missing.slice(0, maxAtOnce)) {
      const before = this.#asked.get(sequence);
      const again = before === undefined || (before.tries < this.#maxTries && nowUs - before.atUs >= this.#againUs);
      if (again) due.push(sequence);
      next.set(sequence, again ? { tries: (before?.tries ?? 0) + 1, atUs: nowUs } : before);
    }
    this.#asked = next;
    return due;
  }
}
