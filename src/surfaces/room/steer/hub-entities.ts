import type { MessageBus } from "../../bus.ts";
import type { Component } from "../../hub-components.ts";

/**
 * The hub's own entities in Home Assistant, as they are now. They stay when the hub ends: taking them away would cost people
 * the names that they gave them.
 */
export class HubEntities implements Disposable {
  readonly #bus: MessageBus;
  readonly #now: () => Readonly<Record<string, Component>>;
  readonly #told = new Map<string, { readonly json: string; readonly handle: Disposable }>();

  constructor(bus: MessageBus, now: () => Readonly<Record<string, Component>>) {
    this.#bus = bus;
    this.#now = now;
    this.changed();
  }

  /** Something about them may have changed. */
  changed(): void {
    const now = this.#now();
    for (const [name, { handle }] of this.#told) {
      if (name in now) continue;
      handle[Symbol.dispose]();
      this.#told.delete(name);
    }
    for (const [name, component] of Object.entries(now)) {
      // Its state is told by whoever tells of the hub.
      const json = JSON.stringify(component);
      if (name === "state" || this.#told.get(name)?.json === json) continue;
      this.#told.set(name, { json, handle: this.#bus.hubComponents.add(name, component) });
    }
  }

  [Symbol.dispose](): void {
    this.#told.clear();
  }
}
