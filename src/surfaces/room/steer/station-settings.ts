import type { HubDevice } from "../../../hub/api.ts";
import type { DeviceInput } from "../../../hub/device-settings.ts";
import { percentOfVolume, volumeOfPercent } from "../../../hub/loudness.ts";
import type { Clock } from "../../../util/clock.ts";
import { Latest } from "./latest.ts";
import type { StationValues } from "./told-stations.ts";

/** Settings of a device that its station keeps itself. */
const shared = ["volume", "mute", "dnd"] as const;
type Shared = (typeof shared)[number];
type Values = Required<Pick<StationValues, Shared>>;

/** A station with the device that stands for it. */
export interface StationDevice {
  readonly id: string;
  readonly online: boolean;
  readonly device: Pick<HubDevice, "id" | "settings">;
}

/** Options of {@link StationSettings}. */
export interface StationSettingsOptions {
  /** What a station said last. */
  readonly said: (id: string) => StationValues;
  readonly station: (id: string) => StationDevice | undefined;
  /** Gives a station a command. */
  readonly command: (id: string, what: Shared, payload: string) => void;
  /** Changes a device's settings. */
  readonly update: (deviceId: string, change: Partial<DeviceInput>) => void;
  readonly clock: Clock;
}

/** How long a station may take to say that it did what it was asked for; what it says then counts, whatever it is. */
const answerMs = 2000;
/** A station's own changes reach the configuration no more often. */
const adoptMs = 1000;
/** A person's changes reach the station no more often. */
const commandMs = 200;

interface Sync {
  seen: Values;
  /** Changed by a person while the station was away: told when it is back. */
  readonly owed: Set<Shared>;
  /** Asked for, and not answered yet. */
  readonly asked: Map<Shared, Disposable>;
}

/**
 * Keeps a device's settings and those that its station keeps itself alike. A change of the device's (a person made it) is a
 * command to the station; what the station says is what is shown. Neither answers the other's answer.
 */
export class StationSettings implements Disposable {
  readonly #options: StationSettingsOptions;
  readonly #adopting: Latest;
  readonly #commanding: Latest;
  readonly #stations = new Map<string, Sync>();

  constructor(options: StationSettingsOptions) {
    const { clock } = options;
    this.#options = options;
    this.#adopting = new Latest({ clock, everyMs: adoptMs });
    this.#commanding = new Latest({ clock, everyMs: commandMs });
  }

  /** The station's device, or whether it is there, may have changed. */
  changed(id: string): void {
    const station = this.#options.station(id);
    if (!station) {
      this.forget(id);
      return;
    }
    const now = valuesOf(station.device);
    const sync = this.#stations.get(id);
    if (!sync) {
      this.#stations.set(id, { seen: now, owed: new Set(), asked: new Map() });
      for (const what of shared) this.said(id, what);
      return;
    }
    const said = this.#options.said(id);
    for (const what of shared) {
      if (sync.seen[what] !== now[what] && said[what] !== now[what]) sync.owed.add(what);
    }
    sync.seen = now;
    if (station.online) for (const what of sync.owed) this.#ask(id, what);
  }

  /** The station has said how something stands. */
  said(id: string, what: keyof StationValues): void {
    if (!isShared(what)) return;
    const sync = this.#stations.get(id);
    const station = this.#options.station(id);
    if (!sync || !station || sync.owed.has(what)) return;
    const agrees = this.#options.said(id)[what] === valuesOf(station.device)[what];
    if (agrees) this.#answered(sync, what);
    else if (!sync.asked.has(what)) this.#adopting.ask(`${id} ${what}`, () => this.#adopt(id, what));
  }

  /** The station is no more. */
  forget(id: string): void {
    const sync = this.#stations.get(id);
    this.#stations.delete(id);
    for (const waiting of sync?.asked.values() ?? []) waiting[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#stations.keys()]) this.forget(id);
    this.#adopting[Symbol.dispose]();
    this.#commanding[Symbol.dispose]();
  }

  #ask(id: string, what: Shared): void {
    const sync = this.#stations.get(id);
    if (!sync) return;
    sync.owed.delete(what);
    this.#answered(sync, what);
    const late = this.#options.clock.timer(answerMs, () => {
      sync.asked.delete(what);
      this.said(id, what);
    });
    sync.asked.set(what, late);
    this.#commanding.ask(`${id} ${what}`, () => {
      const station = this.#options.station(id);
      if (station) this.#options.command(id, what, payloadOf(valuesOf(station.device)[what]));
    });
  }

  #answered(sync: Sync, what: Shared): void {
    sync.asked.get(what)?.[Symbol.dispose]();
    sync.asked.delete(what);
  }

  /** What the station said is what holds, unless somebody has asked for something else meanwhile. */
  #adopt(id: string, what: Shared): void {
    const sync = this.#stations.get(id);
    const station = this.#options.station(id);
    const said = this.#options.said(id)[what];
    if (!sync || !station || said === undefined || sync.asked.has(what) || sync.owed.has(what)) return;
    if (valuesOf(station.device)[what] !== said) this.#options.update(station.device.id, changeOf(what, said));
  }
}

function isShared(what: keyof StationValues): what is Shared {
  return (shared as readonly string[]).includes(what);
}

function valuesOf({ settings }: StationDevice["device"]): Values {
  return { volume: percentOfVolume(settings.volume), mute: settings.muted, dnd: settings.doNotDisturb };
}

function payloadOf(value: number | boolean): string {
  if (typeof value === "number") return String(value);
  return value ? "ON" : "OFF";
}

function changeOf(what: Shared, value: number | boolean): Partial<DeviceInput> {
  if (what === "volume") return { volume: volumeOfPercent(Number(value)) };
  return what === "mute" ? { muted: value === true } : { doNotDisturb: value === true };
}
