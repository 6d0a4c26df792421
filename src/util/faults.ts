import { isDeepStrictEqual } from "node:util";
import type { Clock } from "./clock.ts";
import { Listeners } from "./listeners.ts";
import type { Log } from "./log.ts";

/** Something that is wrong with the hub now, although it goes on. */
export interface Fault {
  /** Stable, for programs: `store`, `unforeseen`, ... */
  readonly id: string;
  /** A sentence for everybody: no path, name or address in it. */
  readonly what: string;
  /** What the administrator can do about it. */
  readonly advice: string;
  /** Where it is, a sentence each (`doorward.yaml:12: devices.yard: ...`); for administrators. */
  readonly places?: readonly string[];
  /** Wall-clock time in milliseconds since which it is so. */
  readonly sinceMs: number;
}

/** What a fault says of itself. */
export type FaultWords = Pick<Fault, "what" | "advice" | "places">;

/**
 * What is wrong with the hub now: whoever notices a fault raises it, and clears it when it is over. `/health`, the
 * metrics and the administrators' page show them.
 */
export class Faults {
  readonly #faults = new Map<string, Fault>();
  readonly #changes: Listeners<void>;
  readonly #clock: Clock;

  constructor(options: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = options.clock;
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of faults failed"));
  }

  /** What is wrong now, the oldest first. */
  list(): readonly Fault[] {
    return [...this.#faults.values()];
  }

  /** Raises a fault; one that stands already keeps its time and gets the new words. */
  raise(id: string, words: FaultWords): void {
    const before = this.#faults.get(id);
    if (before && isDeepStrictEqual(wordsOf(before), wordsOf(words))) return;
    this.#faults.set(id, {
      id,
      ...wordsOf(words),
      sinceMs: before?.sinceMs ?? this.#clock.wallMs(),
    });
    this.#changes.emit();
  }

  /** It is over; nothing happens when it was not raised. */
  clear(id: string): void {
    if (this.#faults.delete(id)) this.#changes.emit();
  }

  /** Calls `listener` whenever a fault begins, changes or ends. */
  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }
}

function wordsOf({ what, advice, places }: FaultWords): FaultWords {
  return { what, advice, ...(places && { places }) };
}
