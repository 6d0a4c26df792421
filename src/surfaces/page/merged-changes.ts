import type { Clock } from "../../util/clock.ts";

/** Options of {@link MergedChanges}. */
export interface MergedChangesOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly emit: (key: string) => void;
}

/** Merges floods by key: the first is passed on at once, what follows within the interval once at its end. */
export class MergedChanges implements Disposable {
  readonly #waiting = new Map<string, { timer: Disposable; again: boolean }>();
  readonly #options: MergedChangesOptions;

  constructor(options: MergedChangesOptions) {
    this.#options = options;
  }

  /** Something happened to `key`. */
  push(key: string): void {
    const entry = this.#waiting.get(key);
    if (entry) entry.again = true;
    else this.#pass(key);
  }

  /** Forgets `key`; nothing more is said about it. */
  drop(key: string): void {
    this.#waiting.get(key)?.timer[Symbol.dispose]();
    this.#waiting.delete(key);
  }

  [Symbol.dispose](): void {
    for (const key of [...this.#waiting.keys()]) this.drop(key);
  }

  #pass(key: string): void {
    const { clock, intervalMs, emit } = this.#options;
    const timer = clock.timer(intervalMs, () => {
      const again = this.#waiting.get(key)?.again;
      this.#waiting.delete(key);
      if (again) this.#pass(key);
    });
    this.#waiting.set(key, { timer, again: false });
    emit(key);
  }
}
