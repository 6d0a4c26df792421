import type { Clock } from "../../../util/clock.ts";

/**
 * Does of what is asked for one thing only the newest, and that at most once in `everyMs`: somebody drags a slider, or a
 * program has gone wild. The first is done at once.
 */
export class Latest implements Disposable {
  readonly #waiting = new Map<string, { next: (() => void) | undefined; timer: Disposable }>();
  readonly #options: { readonly clock: Clock; readonly everyMs: number };

  constructor(options: { readonly clock: Clock; readonly everyMs: number }) {
    this.#options = options;
  }

  /** Does `work` for the thing called `key`, now or in a while, unless something newer is asked for it meanwhile. */
  ask(key: string, work: () => void): void {
    const waiting = this.#waiting.get(key);
    if (waiting) {
      waiting.next = work;
      return;
    }
    this.#pause(key);
    work();
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#waiting.values()) timer[Symbol.dispose]();
    this.#waiting.clear();
  }

  #pause(key: string): void {
    const { clock, everyMs } = this.#options;
    const timer = clock.timer(everyMs, () => {
      const next = this.#waiting.get(key)?.next;
      this.#waiting.delete(key);
      if (!next) return;
      this.#pause(key);
      next();
    });
    this.#waiting.set(key, { next: undefined, timer });
  }
}
