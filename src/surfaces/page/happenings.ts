import type { Hub } from "../../hub/hub.ts";
import type { DevicePhase } from "../../hub/state.ts";
import { Listeners } from "../../util/listeners.ts";
import type { HappeningMessage } from "./hub-schemas.ts";

/** In these a device cannot be reached, as far as the hub knows. */
const away: ReadonlySet<DevicePhase> = new Set(["away", "disabled", "stale", "trouble", "wrong-password"]);

/** Something that happened, with the device that it is about: told only to whoever sees that. */
export interface Happening {
  readonly device: string | undefined;
  readonly message: HappeningMessage;
}

/** What happens at devices and with people, each once: watched once for all pages. */
export class Happenings implements Disposable {
  readonly #hub: Hub;
  readonly #told: Listeners<Happening>;
  readonly #available = new Map<string, boolean>();
  readonly #held = new DisposableStack();

  constructor(hub: Hub) {
    this.#hub = hub;
    this.#told = new Listeners((error) => hub.log.error({ err: error }, "listener of happenings failed"));
    for (const { id, state } of hub.devices.list()) this.#available.set(id, !away.has(state.phase));
    this.#held.use(
      hub.devices.onChange(({ type, id }) => {
        if (type === "removed") this.#available.delete(id);
        else this.#look(id);
      }),
    );
    this.#held.use(
      hub.onDeviceEvent(({ id, event }) => {
        if (event.type === "motion") this.#tell({ type: "motion", device: id, active: event.active, ...this.#now });
      }),
    );
    this.#held.use(
      hub.turns.onChange((id) => this.#tell({ type: "floor", device: id, ...hub.turns.holder(id), ...this.#now })),
    );
    this.#held.use(
      hub.locks.onChange((id) => this.#tell({ type: "lock", device: id, ...hub.locks.state(id), ...this.#now })),
    );
    this.#held.use(
      hub.calls.onPresence(({ who, present }) => {
        if (who.party.startsWith("person:"))
          this.#told.emit({ device: undefined, message: { type: "presence", who, present, ...this.#now } });
      }),
    );
  }

  /** Calls `listener` with each. */
  add(listener: (happening: Happening) => void): Disposable {
    return this.#told.add(listener);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
  }

  #look(id: string): void {
    const phase = this.#hub.devices.get(id)?.state.phase;
    if (phase === undefined) return;
    const available = !away.has(phase);
    const before = this.#available.get(id);
    this.#available.set(id, available);
    // Of a device that was just added nothing has happened.
    if (before === undefined || before === available) return;
    this.#tell({ type: "availability", device: id, available, phase, ...this.#now });
  }

  get #now(): { readonly atMs: number } {
    return { atMs: this.#hub.clock.wallMs() };
  }

  #tell(message: Exclude<HappeningMessage, { readonly type: "presence" }>): void {
    this.#told.emit({ device: message.device, message });
  }
}
