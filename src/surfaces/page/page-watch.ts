import type { HubDevices } from "../../hub/api.ts";

/** The devices that one page looks at: each is wanted, as by a viewer, for as long. */
export class PageWatch implements Disposable {
  readonly #devices: Pick<HubDevices, "get">;
  readonly #demands = new Map<string, Disposable>();

  constructor(devices: Pick<HubDevices, "get">) {
    this.#devices = devices;
  }

  /** From now on these and no others; the caller has asked whether they may be seen. */
  set(ids: readonly string[]): void {
    const wanted = new Set(ids);
    for (const id of this.#demands.keys()) if (!wanted.has(id)) this.leave(id);
    for (const id of wanted) {
      const demand = this.#demands.has(id) ? undefined : this.#devices.get(id)?.demand("viewer");
      if (demand) this.#demands.set(id, demand);
    }
  }

  /** It is gone, or may not be seen any more. */
  leave(id: string): void {
    this.#demands.get(id)?.[Symbol.dispose]();
    this.#demands.delete(id);
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#demands.keys()]) this.leave(id);
  }
}
