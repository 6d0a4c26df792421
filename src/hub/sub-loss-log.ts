import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import { type DeviceLosses, LossLog } from "./loss-log.ts";
import type { DeviceState } from "./state.ts";
import type { Loss } from "./supervise.ts";

/** So long after it was lost the device itself may be lost as well, and its own line says all. */
const holdMs = 3000;
/** Nobody wants the large picture: nobody misses the small one. */
const mostLooks = 20;

/**
 * What the log says when the small picture of a device is lost: one line while the large one is there, and none where all of the
 * device is lost, which is one event and the device's to tell.
 */
export class SubLossLog implements DeviceLosses {
  readonly #log: LossLog;
  readonly #debug: Log["debug"];
  readonly #clock: Clock;
  #large: (() => DeviceState) | undefined;
  #held: { readonly loss: Loss; readonly looks: number; readonly timer: Disposable } | undefined;
  /** It was told, and is not back yet. */
  #told = false;

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#debug = log.debug.bind(log);
    this.#log = new LossLog({
      clock,
      log,
      words: {
        lost: (why) => `the small picture is lost, and the large one is shown instead: ${why}`,
        back: "the small picture is back",
      },
    });
  }

  follow(large: () => DeviceState): void {
    this.#large = large;
  }

  lost(loss: Loss): void {
    if (this.#told || loss.error.code === "no-sub") this.#log.lost(loss);
    else if (!this.#held) this.#hold(loss, 0);
  }

  back(): void {
    this.#letGo();
    this.#told = false;
    this.#log.back();
  }

  [Symbol.dispose](): void {
    this.#letGo();
  }

  #letGo(): void {
    this.#held?.timer[Symbol.dispose]();
    this.#held = undefined;
  }

  #hold(loss: Loss, looks: number): void {
    this.#held = { loss, looks, timer: this.#clock.timer(holdMs, () => this.#look()) };
  }

  #look(): void {
    if (!this.#held) return;
    const { loss, looks } = this.#held;
    this.#held = undefined;
    const { phase, error } = this.#large?.() ?? {};
    const isLost = phase !== "idle" && error !== undefined;
    if (phase === "live") {
      this.#told = true;
      this.#log.lost(loss);
    } else if (isLost || looks === mostLooks)
      this.#debug({ code: loss.error.code }, "the small picture is lost with all of it");
    else this.#hold(loss, looks + 1);
  }
}
