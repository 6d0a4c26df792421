import type { Clock } from "./clock.ts";

/** Most keys remembered; when there are more, all are forgotten, and things are said once more. */
const maxKeys = 10_000;

/** Merges what happens again and again: says for each key whether it is worth saying, at most once in `everyMs`. */
export class Seldom {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #saidUs = new Map<string, number>();

  constructor(options: { readonly clock: Clock; readonly everyMs: number }) {
    this.#clock = options.clock;
    this.#everyMs = options.everyMs;
  }

  /** True at the first time, and again when `everyMs` have passed since it was true. */
  isNews(key: string): boolean {
    const nowUs = this.#clock.nowUs();
    const saidUs = this.#saidUs.get(key);
    if (saidUs !== undefined && nowUs - saidUs < this.#everyMs * 1000) return false;
    if (this.#saidUs.size >= maxKeys) this.#saidUs.clear();
    this.#saidUs.set(key, nowUs);
    return true;
  }
}
