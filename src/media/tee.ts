import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { RecoverableError } from "../util/errors.ts";

/** Options of {@link Tee}. */
export interface TeeOptions {
  /** How far the fastest branch may be ahead of the slowest, in items. */
  readonly maxAhead: number;
  readonly clock: Clock;
  /** A branch that keeps the others waiting for this time without taking anything is left behind. */
  readonly patienceMs: number;
}

interface Branch<T> {
  readonly items: T[];
  open: boolean;
  takenUs: number;
  failure: { readonly error: unknown } | undefined;
}

/**
 * Splits one pulled stream into branches that each see every item from their beginning on. The source is pulled when the
 * fastest branch wants more, but never more than `maxAhead` items before the slowest that is still reading. A branch that
 * returns early no longer counts; one that takes nothing while others wait is left behind with RecoverableError
 * `too-slow`, so that it silences nobody else. An error of the source reaches every branch.
 */
export class Tee<T> {
  readonly #branches = new Set<Branch<T>>();
  readonly #iterator: AsyncIterator<T>;
  readonly #options: TeeOptions;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #pulling = false;
  #changed = Promise.withResolvers<void>();
  #patience: Disposable | undefined;

  constructor(source: AsyncIterable<T>, options: TeeOptions) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#options = options;
  }

  /** One more branch, which sees what is pulled from now on. */
  branch(): AsyncIterable<T> {
    const branch: Branch<T> = { items: [], open: true, takenUs: this.#nowUs(), failure: undefined };
    this.#branches.add(branch);
    return this.#read(branch);
  }

  async *#read(branch: Branch<T>): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        const item = branch.items.shift();
        const failure = branch.failure ?? (item === undefined ? this.#failure : undefined);
        if (failure) throw failure.error;
        branch.takenUs = this.#nowUs();
        if (item !== undefined) {
          this.#notify();
          yield item;
        } else if (this.#ended) return;
        else {
          const wait = this.#changed.promise;
          this.#pull();
          await wait;
        }
      }
    } finally {
      this.#leave(branch);
    }
  }

  #pull(): void {
    if (this.#pulling || this.#ended) return;
    if (!this.#hasRoom()) {
      this.#watchSlowest();
      return;
    }
    this.#pulling = true;
    const step = async () => {
      try {
        const { done, value } = await this.#iterator.next();
        if (done) this.#ended = true;
        else for (const branch of this.#branches) branch.items.push(value);
      } catch (error) {
        this.#failure = { error };
        this.#ended = true;
      } finally {
        this.#pulling = false;
        this.#notify();
      }
    };
    background(step(), (error) => {
      this.#failure = { error };
    });
  }

  #hasRoom(): boolean {
    return [...this.#branches].every(({ items }) => items.length < this.#options.maxAhead);
  }

  /** Somebody waits for a branch that is full: it has this long to take something. */
  #watchSlowest(): void {
    const { clock, patienceMs, maxAhead } = this.#options;
    this.#patience ??= clock.timer(patienceMs, () => {
      this.#patience = undefined;
      const overdueUs = this.#nowUs() - patienceMs * 1000;
      for (const branch of [...this.#branches]) {
        if (branch.items.length < maxAhead || branch.takenUs > overdueUs) continue;
        branch.failure = { error: new RecoverableError("takes the sound too slowly", { code: "too-slow" }) };
        this.#leave(branch);
      }
      this.#notify();
    });
  }

  #leave(branch: Branch<T>): void {
    branch.items.length = 0;
    if (!this.#branches.delete(branch)) return;
    this.#notify();
    if (this.#branches.size > 0) return;
    this.#ended = true;
    this.#patience?.[Symbol.dispose]();
    // A source that hangs, or fails while it is let go of, has nobody left to tell.
    this.#iterator.return?.().catch(() => {});
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #nowUs(): number {
    return this.#options.clock.nowUs();
  }
}
