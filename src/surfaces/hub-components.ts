import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";

/** One entity of a device, as Home Assistant's MQTT integration takes it: `platform`, `unique_id`, and what that needs. */
export type Component = Readonly<Record<string, unknown>> & { readonly platform: string; readonly unique_id: string };

/** The hub's own entities in Home Assistant, beside its state: each surface adds what it brings (volume, target, notify). */
export class HubComponents {
  readonly #components = new Map<string, Component>();
  readonly #changes: Listeners<void>;

  constructor(options: { readonly log: Log }) {
    this.#changes = new Listeners((err) => options.log.error({ err }, "listener of the hub's entities failed"));
  }

  /** Adds an entity, or replaces the one of this name; disposing takes it away. */
  add(name: string, component: Component): Disposable {
    this.#components.set(name, component);
    this.#changes.emit();
    return {
      [Symbol.dispose]: () => {
        if (this.#components.get(name) !== component) return;
        this.#components.delete(name);
        this.#changes.emit();
      },
    };
  }

  list(): Readonly<Record<string, Component>> {
    return Object.fromEntries(this.#components);
  }

  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }
}
