import type { DeviceInfo } from "./state.ts";

type Values = Readonly<Record<string, string | number | boolean>>;

/** What a device reports of how it is, as its driver gives it. */
export class DeviceHealth {
  #values: Values | undefined;

  /** The last report; undefined while there was none. */
  get values(): Values | undefined {
    return this.#values;
  }

  /** Keeps a report; true when it changes what is shown of a device that is there. */
  learn(values: Values): boolean {
    const before = JSON.stringify(this.info);
    this.#values = values;
    return JSON.stringify(this.info) !== before;
  }

  /** For {@link DeviceInfo} of a device that is there. */
  get info(): Pick<DeviceInfo, "station" | "delivery"> {
    return { ...this.#station, ...this.#delivery };
  }

  /** What a station says of its browser. */
  get #station(): Pick<DeviceInfo, "station"> {
    const { plays, speaks } = this.#values ?? {};
    return typeof plays === "boolean" && typeof speaks === "boolean" ? { station: { plays, speaks } } : {};
  }

  /** How a room station says that it hears what is sent to all of them. */
  get #delivery(): Pick<DeviceInfo, "delivery"> {
    const { multicastLoss: loss, unicast } = this.#values ?? {};
    return typeof loss === "number" && typeof unicast === "boolean" ? { delivery: { loss, unicast } } : {};
  }
}
