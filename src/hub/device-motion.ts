import type { Clock } from "../util/clock.ts";
import type { DeviceInfo } from "./state.ts";

/** Options of {@link DeviceMotion}. */
export interface DeviceMotionOptions {
  readonly clock: Clock;
  /** It changed; `active` unless nothing is known of it any more. */
  readonly onChange: (active: boolean | undefined) => void;
}

/** Whether something moves before a device, as far as it is known. */
export class DeviceMotion {
  readonly #options: DeviceMotionOptions;
  #state: DeviceInfo["motion"];

  constructor(options: DeviceMotionOptions) {
    this.#options = options;
  }

  /** For {@link DeviceInfo}: nothing as long as nothing is known. */
  get info(): Pick<DeviceInfo, "motion"> {
    return this.#state ? { motion: this.#state } : {};
  }

  /** Something moves, or nothing does; undefined: whoever told it does so no longer. */
  told(active: boolean | undefined): void {
    if (active === this.#state?.active) return;
    this.#state = active === undefined ? undefined : { active, sinceMs: this.#options.clock.wallMs() };
    this.#options.onChange(active);
  }
}
