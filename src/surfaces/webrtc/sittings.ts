import type { Clock } from "../../util/clock.ts";

/** Whoever comes back within this time is still at it. */
const pauseMs = 30 * 60 * 1000;

/** Most that are remembered. */
const maxKeys = 10_000;

/** One that goes on until it is disposed. */
export interface Sitting extends Disposable {
  /** It did not go on already, nor end a moment ago. */
  readonly first: boolean;
}

/**
 * Who was at what lately, so that the history has one line for an evening at the wall and not one for every return to the tab.
 */
export class Sittings {
  readonly #clock: Clock;
  /** By key: how many go on, and when the last one ended. */
  readonly #known = new Map<string, { running: number; endedUs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Somebody begins something; `key` says who and what. */
  begin(key: string): Sitting {
    const before = this.#known.get(key);
    const first = !before || (before.running === 0 && this.#clock.nowUs() - before.endedUs > pauseMs * 1000);
    const one = before ?? { running: 0, endedUs: 0 };
    one.running++;
    this.#known.set(key, one);
    this.#forgetOld();
    return {
      first,
      [Symbol.dispose]: () => {
        one.running--;
        one.endedUs = this.#clock.nowUs();
      },
    };
  }

  #forgetOld(): void {
    if (this.#known.size <= maxKeys) return;
    for (const [key, { running }] of this.#known) if (running === 0) this.#known.delete(key);
  }
}
