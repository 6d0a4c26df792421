import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import type { Component } from "./hub-components.ts";

/** What surfaces add to the entities of the hub's devices in Home Assistant: a bell, its calls, a lock. */
export class DeviceComponents {
  readonly #parts = new Map<string, Map<string, Readonly<Record<string, Component>>>>();
  readonly #changes: Listeners<string>;

  constructor(options: { readonly log: Log }) {
    this.#changes = new Listeners((err) => options.log.error({ err }, "listener of the devices' entities failed"));
  }

  /** Sets what one part adds to a device; nothing takes it away again. */
  set(deviceId: string, part: string, components: Readonly<Record<string, Component>> | undefined): void {
    const parts = this.#parts.get(deviceId) ?? new Map<string, Readonly<Record<string, Component>>>();
    if (JSON.stringify(parts.get(part)) === JSON.stringify(components)) return;
    if (components) parts.set(part, components);
    else parts.delete(part);
    if (parts.size > 0) this.#parts.set(deviceId, parts);
    else this.#parts.delete(deviceId);
    this.#changes.emit(deviceId);
  }

  of(deviceId: string): Readonly<Record<string, Component>> {
    return Object.assign({}, ...(this.#parts.get(deviceId)?.values() ?? []));
  }

  /** Calls `listener` with the device whose entities changed. */
  onChange(listener: (deviceId: string) => void): Disposable {
    return this.#changes.add(listener);
  }
}
