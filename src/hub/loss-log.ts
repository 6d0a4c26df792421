import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import { Seldom } from "../util/seldom.ts";
import type { DeviceState } from "./state.ts";
import type { Loss } from "./supervise.ts";

/** The same trouble is told again after so long, with how often it happened. */
const againMs = 60 * 60 * 1000;

/** Tells of a device that is lost and comes back. */
export interface DeviceLosses extends Disposable {
  lost(loss: Loss): void;
  back(): void;
  /** Of a small picture: what the device does that it belongs to. */
  follow?(large: () => DeviceState): void;
}

/** How a loss is called in the log. */
export interface LossWords {
  readonly lost: (why: string) => string;
  readonly back: string;
}

const deviceWords: LossWords = { lost: (why) => `device lost: ${why}`, back: "device back" };

/** What the log says of a device that is lost and comes back: one line for one trouble, however often it is tried. */
export class LossLog implements DeviceLosses {
  readonly #log: Log;
  readonly #words: LossWords;
  readonly #seldom: Seldom;
  #times = 0;
  /** The loss was told, and not yet that it is over. */
  #told = false;

  constructor(options: { readonly clock: Clock; readonly log: Log; readonly words?: LossWords | undefined }) {
    this.#log = options.log;
    this.#words = options.words ?? deviceWords;
    this.#seldom = new Seldom({ clock: options.clock, everyMs: againMs });
  }

  /** A run failed. */
  lost({ error, retryInMs }: Loss): void {
    this.#times++;
    const fields = { code: error.code, retryInMs, times: this.#times };
    if (!this.#seldom.isNews(error.message)) {
      this.#log.debug({ ...fields, err: error }, "device lost again");
      return;
    }
    if (error.code === "no-sub") this.#log.info(fields, error.message);
    else this.#log.warn({ ...fields, err: error }, this.#words.lost(error.message));
    this.#told = error.code !== "no-sub";
  }

  /** It is connected. */
  back(): void {
    if (this.#told) this.#log.info({ times: this.#times }, this.#words.back);
    this.#told = false;
    this.#times = 0;
  }

  [Symbol.dispose](): void {}
}
