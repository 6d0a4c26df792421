import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import { Seldom } from "../util/seldom.ts";
import type { Loss } from "./supervise.ts";

/** The same trouble is told again after so long, with how often it happened. */
const againMs = 60 * 60 * 1000;

/** What the log says of a device that is lost and comes back: one line for one trouble, however often it is tried. */
export class LossLog {
  readonly #log: Log;
  readonly #seldom: Seldom;
  #times = 0;
  /** The loss was told, and not yet that it is over. */
  #told = false;

  constructor(options: { readonly clock: Clock; readonly log: Log }) {
    this.#log = options.log;
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
    this.#log.warn({ ...fields, err: error }, `device lost: ${error.message}`);
    this.#told = true;
  }

  /** It is connected. */
  back(): void {
    if (this.#told) this.#log.info({ times: this.#times }, "device back");
    this.#told = false;
    this.#times = 0;
  }
}
