import type { Device, Speaker } from "../../device/driver.ts";
import type { Hub } from "../../hub/hub.ts";
import { background } from "../../util/background.ts";
import { DoorwardError, messageOf } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import { Listeners } from "../../util/listeners.ts";
import { Seldom } from "../../util/seldom.ts";
import type { RoomStation, RoomStations } from "./stations.ts";
import { Visit } from "./visit.ts";

/** Options of {@link RoomArrivals}. */
export interface RoomArrivalsOptions {
  readonly hub: Pick<Hub, "reception" | "devices" | "voices" | "clock" | "log">;
  readonly stations: RoomStations;
  /** The loudspeaker of a station, as the hub is to use it. */
  readonly speakerOf: (stationId: string, deviceId: string) => Speaker;
}

/** Who waits to be let in stays on the list by asking again. */
const askAgainMs = 60_000;
/** A station whose device was taken from it (restarted, changed) is let in again after so long. */
const againMs = 500;
const sayEveryMs = 10 * 60_000;

/** The device that a station is: ids of devices have no underscores. */
export function deviceIdOf(stationId: string): string {
  return stationId.toLowerCase().replaceAll("_", "-").slice(0, 48);
}

/** Brings stations that are there in as devices, and lets go of them when they go. Its owner disposes it. */
export class RoomArrivals implements Disposable {
  readonly #visits = new Map<string, Visit>();
  readonly #asking = new Set<string>();
  readonly #held = new DisposableStack();
  readonly #seldom: Seldom;
  readonly #came: Listeners<Visit>;
  readonly #options: RoomArrivalsOptions;
  #closed = false;

  constructor(options: RoomArrivalsOptions) {
    this.#options = options;
    const { stations, hub } = options;
    this.#seldom = new Seldom({ clock: hub.clock, everyMs: sayEveryMs });
    this.#came = new Listeners((err) => hub.log.error({ err }, "listener of room visits failed"));
    this.#held.use(stations.onChange((station) => this.#consider(station)));
    const again = (deviceId: string) => {
      const station = stations.list().find(({ id }) => deviceIdOf(id) === deviceId);
      if (station) this.#soon(station.id);
    };
    this.#held.use(hub.reception.onRevoked(again));
    this.#held.use(hub.devices.onChange((event) => event.type === "device" && again(event.id)));
    const askAll = () => {
      for (const station of stations.list()) this.#consider(station);
    };
    this.#held.use(every(hub.clock, askAgainMs, askAll));
  }

  /** The station, if it was let in and is there. */
  visitOf(stationId: string): Visit | undefined {
    return this.#visits.get(stationId);
  }

  /** All that are there. */
  list(): readonly Visit[] {
    return [...this.#visits.values()];
  }

  /** Calls `listener` with each station that is let in. */
  onCame(listener: (visit: Visit) => void): Disposable {
    return this.#came.add(listener);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#held.dispose();
    for (const visit of [...this.#visits.values()]) this.#leave(visit);
  }

  /**
   * Lets a station in, or throws what the reception throws. It takes the place of an earlier visit of the same station.
   */
  async enter(station: RoomStation, proof: { readonly token?: string; readonly proven?: boolean }): Promise<Visit> {
    const { hub, stations, speakerOf } = this.#options;
    const { id, name, address = "" } = station;
    const over = new AbortController();
    const deviceId = deviceIdOf(id);
    const arrival = { kind: "room", id: deviceId, address, ...(name !== id && { name }), ...proof } as const;
    const device = await hub.reception.admit(arrival, over.signal);
    const key = hub.reception.signingKey(deviceId);
    const voice = hub.voices.open({ owner: `device:${deviceId}` });
    const visit = new Visit({ station, device, voice, key, sinceUs: hub.clock.nowUs(), end: () => over.abort() });
    this.#visits.set(id, visit);
    this.#serve(visit, { device, speaker: speakerOf(id, deviceId) });
    stations.isDevice(id, { deviceId, legacy: key === undefined });
    hub.log.info({ device: deviceId, address }, `room station ${name} is there`);
    this.#came.emit(visit);
    return visit;
  }

  #serve(visit: Visit, { device, speaker }: { readonly device: Device; readonly speaker: Speaker }): void {
    device.offerSpeaker(speaker);
    device.ready();
    device.phase("live");
    device.signal.addEventListener(
      "abort",
      () => {
        const current = this.#visits.get(visit.stationId) === visit;
        this.#leave(visit);
        if (current) this.#soon(visit.stationId);
      },
      { once: true },
    );
  }

  #leave(visit: Visit): void {
    if (this.#visits.get(visit.stationId) === visit) this.#visits.delete(visit.stationId);
    visit[Symbol.dispose]();
  }

  #soon(stationId: string): void {
    const { hub, stations } = this.#options;
    hub.clock.timer(againMs, () => {
      const station = stations.get(stationId);
      if (station) this.#consider(station);
    });
  }

  #consider(station: RoomStation): void {
    const { hub } = this.#options;
    const visit = this.#visits.get(station.id);
    if (!station.online) {
      if (!visit) return;
      hub.log.info({ device: visit.deviceId }, `room station ${station.name} is gone`);
      this.#leave(visit);
      return;
    }
    const settled = visit && visit.address === station.address;
    if (this.#closed || settled || station.address === undefined || this.#asking.has(station.id)) return;
    this.#asking.add(station.id);
    background(
      this.enter(station, { proven: station.told })
        .catch((error: unknown) => this.#refused(station, error))
        .finally(() => this.#asking.delete(station.id)),
      (err) => hub.log.error({ err, station: station.id }, "a room station was not let in"),
    );
  }

  #refused(station: RoomStation, error: unknown): void {
    if (!(error instanceof DoorwardError)) throw error;
    const { hub } = this.#options;
    const before = this.#visits.get(station.id);
    if (before) this.#leave(before);
    const { id, name, address } = station;
    if (!this.#seldom.isNews(`${id} ${error.code} ${address}`)) return;
    hub.log.info({ station: id, address, code: error.code }, `room station ${name}: ${messageOf(error)}`);
  }
}
