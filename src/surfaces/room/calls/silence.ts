import type { Clock } from "../../../util/clock.ts";

/** Options of {@link Silence}. */
export interface SilenceOptions {
  readonly clock: Clock;
  readonly afterMs: number;
  /** True while somebody speaks in a way that is not heard here. */
  readonly speaks: () => boolean;
  readonly onSilence: () => void;
}

/** Notices that nobody has said anything for so long, once. */
export class Silence implements Disposable {
  readonly #options: SilenceOptions;
  #lastUs: number;
  #timer: Disposable | undefined;

  constructor(options: SilenceOptions) {
    this.#options = options;
    this.#lastUs = options.clock.nowUs();
    this.#wait(options.afterMs);
  }

  /** Somebody is heard. */
  heard(): void {
    this.#lastUs = this.#options.clock.nowUs();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }

  #wait(ms: number): void {
    this.#timer = this.#options.clock.timer(ms, () => this.#look());
  }

  #look(): void {
    const { clock, afterMs, speaks, onSilence } = this.#options;
    if (speaks()) this.heard();
    const leftMs = afterMs - (clock.nowUs() - this.#lastUs) / 1000;
    if (leftMs > 0) this.#wait(leftMs);
    else onSilence();
  }
}
