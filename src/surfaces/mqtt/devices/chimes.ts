import type { HubDevice, Turn } from "../../../hub/api.ts";
import type { Hub } from "../../../hub/hub.ts";

/** Options of {@link DeviceChimes}. */
export interface DeviceChimesOptions {
  readonly hub: Pick<Hub, "turns" | "chimes" | "identity">;
  readonly onChange: (deviceId: string) => void;
}

/** Chimes that play at devices because MQTT asked for them: one at each, which can be stopped. */
export class DeviceChimes implements Disposable {
  readonly #options: DeviceChimesOptions;
  readonly #playing = new Map<string, Turn>();

  constructor(options: DeviceChimesOptions) {
    this.#options = options;
  }

  isPlaying(deviceId: string): boolean {
    return this.#playing.has(deviceId);
  }

  /** Plays one, in place of what it plays already; the first there is unless one of them is named. */
  play({ id, name }: Pick<HubDevice, "id" | "name">, tone: string | undefined): void {
    const { hub, onChange } = this.#options;
    const { turns, chimes, identity } = hub;
    const wanted = tone ?? chimes.list()[0]?.name;
    const source = wanted === undefined ? undefined : chimes.sound(wanted);
    if (!source) return;
    this.stop(id);
    const turn = turns.take({
      to: [`device:${id}`],
      talker: { id: "mqtt", name: "Home Assistant" },
      priority: 1,
      queue: true,
      source,
      onState: ({ state }) => {
        if (state === "granted")
          identity.audit.record({ actor: "MQTT", action: "say", subject: name, detail: "chime" });
      },
    });
    this.#playing.set(id, turn);
    const over = () => {
      if (this.#playing.get(id) !== turn) return;
      this.#playing.delete(id);
      onChange(id);
    };
    turn.done.then(over, over);
    onChange(id);
  }

  stop(deviceId: string): void {
    this.#playing.get(deviceId)?.cancel();
  }

  [Symbol.dispose](): void {
    for (const turn of this.#playing.values()) turn.cancel();
  }
}
