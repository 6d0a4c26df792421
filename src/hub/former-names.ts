import { putStatement, type Store } from "../identity/store.ts";
import type { DevicesEvent, HubDevice } from "./api.ts";

const kind = "former-device";

/** Where the hub's devices are, and what happens to them. */
interface Devices {
  get(id: string): HubDevice | undefined;
  list(): readonly HubDevice[];
  onChange(listener: (event: DevicesEvent) => void): Disposable;
}

/** What devices were called that are no more, so that the history goes on naming them. */
export class FormerNames implements Disposable {
  readonly #store: Store;
  readonly #devices: Devices;
  readonly #names = new Map<string, string>();
  readonly #held: Disposable;

  constructor({ store, devices }: { readonly store: Store; readonly devices: Devices }) {
    this.#store = store;
    this.#devices = devices;
    for (const { id } of devices.list()) this.#see(id);
    this.#held = devices.onChange(({ type, id }) => (type === "removed" ? this.#keep(id) : this.#see(id)));
  }

  /** Undefined for a device that is there, and for one that never was. */
  of(id: string): string | undefined {
    if (this.#devices.get(id)) return undefined;
    const name = this.#store.get(kind, id);
    return typeof name === "string" ? name : undefined;
  }

  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }

  #see(id: string): void {
    const device = this.#devices.get(id);
    if (device && !device.settings.preview) this.#names.set(id, device.name);
  }

  #keep(id: string): void {
    const name = this.#names.get(id);
    this.#names.delete(id);
    if (name !== undefined && name !== id) this.#store.note([putStatement(kind, id, name)], `${kind} ${id}`);
  }
}
