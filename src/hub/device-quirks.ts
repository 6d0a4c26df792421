import type { DeviceInfo } from "./state.ts";

type Quirk = NonNullable<DeviceInfo["quirks"]>[number];

/** More oddities of one device than a person reads. */
const maxQuirks = 32;

/** What a device does against the standards, each thing once. */
export class DeviceQuirks {
  readonly #found = new Map<string, Quirk>();

  /** For {@link DeviceInfo}: nothing as long as none was found. */
  get info(): Pick<DeviceInfo, "quirks"> {
    return this.#found.size > 0 ? { quirks: [...this.#found.values()] } : {};
  }

  /** Keeps one; true when it is news. */
  learn({ code, sentence, detail }: Quirk): boolean {
    if (this.#found.has(code) || this.#found.size >= maxQuirks) return false;
    this.#found.set(code, { code, sentence, ...(detail !== undefined && { detail }) });
    return true;
  }
}
