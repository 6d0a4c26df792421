import {
  parsePercent,
  parsePriority,
  parseRoomJson,
  parseRoomTopic,
  parseStationReport,
  parseStationState,
  parseSwitch,
  type RoomTopic,
  roomFilters,
  type StationActivity,
  type StationInfo,
  type StationReport,
  stationInfoSchema,
} from "../../../protocols/room/topics.ts";
import type { Clock } from "../../../util/clock.ts";
import { Listeners } from "../../../util/listeners.ts";
import type { Log } from "../../../util/log.ts";
import { toName } from "../../../util/name.ts";
import { Seldom } from "../../../util/seldom.ts";
import type { BusMessage, MessageBus } from "../../bus.ts";

/** How a station stands, as it says itself; what it never told is absent. */
export interface StationValues {
  readonly activity?: StationActivity;
  /** Whom it speaks to now: a room's name, or everybody's. */
  readonly speaksTo?: string;
  /** 0 to 100. */
  readonly volume?: number;
  readonly mute?: boolean;
  readonly dnd?: boolean;
  /** Whom it will speak to: a room's name, or everybody's. */
  readonly target?: string;
  readonly priority?: 0 | 1 | 2;
}

/** A station told something of how it stands. */
export interface StationNews {
  readonly id: string;
  readonly what: keyof StationValues;
  /** True for what it told once, and a broker kept. */
  readonly retained: boolean;
}

/** What of a station can be set over MQTT, and how it tells of it. */
export type StationSetting = Exclude<keyof StationValues, "activity" | "speaksTo">;

/** Who keeps the stations of the house, as it is told of them here. */
export interface StationList {
  told(info: {
    readonly id: string;
    readonly name: string;
    readonly address?: string;
    readonly isMobile?: boolean;
    readonly calls?: boolean;
    readonly cancelsEcho?: boolean;
  }): void;
  status(id: string, online: boolean): void;
  /** What it does, and to whom it speaks then. */
  said(id: string, state: { readonly state: StationActivity; readonly target?: string | undefined }): void;
  /** To whom it speaks when its button is pressed. */
  aims(id: string, target: string): void;
  /** It answered, or told what it heard. */
  reported(id: string, report: StationReport): void;
  gone(id: string): void;
}

/** Options of {@link ToldStations}. */
export interface ToldStationsOptions {
  readonly bus: MessageBus;
  readonly stations: StationList;
  /** Stations for which the hub itself speaks: what comes back of it is no news. */
  readonly isOwn: (id: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** Most stations that are kept in mind, whoever tells of them. */
export const maxStations = 256;
/** For how long a station that is said to be offline may still show that it is alive: last wills come late. */
export const offlineMs = 5000;
/** How long stations have to come back to a broker that was away, and may have forgotten them. */
const returnMs = 60_000;
const sayEveryMs = 600_000;

interface Station {
  info?: StationInfo;
  /** What it said last; undefined until it said anything. */
  online?: boolean;
  /** Told to the list of stations. */
  listed: boolean;
  /** Heard of since the broker was found last. */
  confirmed: boolean;
  values: StationValues;
  leaving?: Disposable;
}

/** What room stations tell of themselves over MQTT: who is there, and how each stands. */
export class ToldStations implements Disposable {
  readonly #known = new Map<string, Station>();
  readonly #options: ToldStationsOptions;
  readonly #held = new DisposableStack();
  readonly #news: Listeners<StationNews>;
  readonly #seldom: Seldom;
  #returning: Disposable | undefined;

  constructor(options: ToldStationsOptions) {
    const { bus, clock, log } = options;
    this.#options = options;
    this.#seldom = new Seldom({ clock, everyMs: sayEveryMs });
    this.#news = new Listeners((err) => log.error({ err }, "listener of stations failed"));
    for (const filter of roomFilters.filter((one) => !one.endsWith("/set") && !one.endsWith("/call"))) {
      this.#held.use(bus.subscribe(filter, (message) => this.#take(message)));
    }
    this.#held.use(bus.onChange(() => (bus.connected ? this.#found() : this.#returning?.[Symbol.dispose]())));
  }

  /** How a station stands, as it said last. */
  values(id: string): StationValues {
    return this.#known.get(id)?.values ?? {};
  }

  /** Calls `listener` whenever a station says how it stands, also when that is as before. */
  onValue(listener: (news: StationNews) => void): Disposable {
    return this.#news.add(listener);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
    this.#returning?.[Symbol.dispose]();
    for (const { leaving } of this.#known.values()) leaving?.[Symbol.dispose]();
  }

  #take({ topic, payload, retained }: BusMessage): void {
    const address = parseRoomTopic(topic);
    if (address?.kind !== "state" && address?.kind !== "info") return;
    const { station: id } = address;
    if (this.#options.isOwn(id)) return;
    if (address.kind === "info" && payload === "") {
      this.#forget(id);
      return;
    }
    const report = address.kind === "state" && !retained ? parseStationReport(address.what, payload) : undefined;
    if (report) this.#options.stations.reported(id, report);
    const said = address.kind === "info" ? readInfo(id, payload) : readState(address.what, payload);
    if (!said) return;
    const station = this.#entry(id);
    if (!station) return;
    station.confirmed = true;
    if (said.kind === "info") station.info = said.info;
    if (said.kind === "values") station.values = { ...station.values, ...said.values };
    if (said.kind === "status" && !retained && station.listed && station.online && said.online) {
      // It began anew, although nobody noticed that it was gone.
      this.#options.stations.status(id, true);
    }
    if (said.kind === "status") this.#status(id, station, said.online);
    else if (!retained) this.#status(id, station, true);
    if (said.kind === "info" || !station.listed) this.#list(id, station);
    if (said.kind !== "values") return;
    if (station.listed) this.#pass(id, said.values);
    for (const what of Object.keys(said.values)) {
      this.#news.emit({ id, what: what as keyof StationValues, retained });
    }
  }

  #entry(id: string): Station | undefined {
    const known = this.#known.get(id);
    if (known) return known;
    if (this.#known.size >= maxStations && !this.#makeRoom()) {
      if (this.#seldom.isNews("many")) this.#options.log.warn({ station: id }, `MQTT: over ${maxStations} stations`);
      return undefined;
    }
    const fresh: Station = { listed: false, confirmed: true, values: {} };
    this.#known.set(id, fresh);
    return fresh;
  }

  /** Whoever was never told of, or is gone, gives way. */
  #makeRoom(): boolean {
    for (const [id, { listed }] of this.#known) if (!listed) return this.#known.delete(id);
    return false;
  }

  /** A station is there as long as it does not say, or has said for it, that it is not, and is silent after that. */
  #status(id: string, station: Station, online: boolean): void {
    const before = station.online;
    station.online = online;
    if (online) {
      station.leaving?.[Symbol.dispose]();
      delete station.leaving;
    }
    if (!station.listed) return;
    if (before !== online) this.#options.stations.status(id, online);
    if (!online) station.leaving ??= this.#options.clock.timer(offlineMs, () => this.#unlist(id, station));
  }

  #list(id: string, station: Station): void {
    const { info, online } = station;
    if (!info || !(online || station.listed)) return;
    const { room, ip, is_mobile: isMobile, calls, echo } = info;
    const name = toName(room, { fallback: id });
    this.#options.stations.told({
      id,
      name,
      ...(ip && { address: ip }),
      ...(isMobile && { isMobile }),
      ...(calls && { calls: true }),
      ...(echo === "cancelled" && { cancelsEcho: true }),
    });
    if (station.listed) return;
    station.listed = true;
    this.#options.stations.status(id, true);
    this.#pass(id, station.values);
  }

  #pass(id: string, { activity, speaksTo, target }: StationValues): void {
    const { stations } = this.#options;
    if (activity) stations.said(id, { state: activity, ...(speaksTo !== "" && { target: speaksTo }) });
    if (target !== undefined) stations.aims(id, target);
  }

  /** Its own word, or that of whoever took it away. */
  #forget(id: string): void {
    const station = this.#known.get(id);
    if (!station) return;
    delete station.info;
    this.#unlist(id, station);
  }

  #unlist(id: string, station: Station): void {
    station.leaving?.[Symbol.dispose]();
    delete station.leaving;
    if (!station.listed) return;
    station.listed = false;
    this.#options.stations.gone(id);
  }

  /** A broker was found, perhaps one that has forgotten everything: who is not heard of again is gone. */
  #found(): void {
    for (const station of this.#known.values()) station.confirmed = false;
    this.#returning?.[Symbol.dispose]();
    this.#returning = this.#options.clock.timer(returnMs, () => {
      for (const [id, station] of this.#known) if (!station.confirmed) this.#unlist(id, station);
    });
  }
}

type Said =
  | { readonly kind: "info"; readonly info: StationInfo }
  | { readonly kind: "status"; readonly online: boolean }
  | { readonly kind: "values"; readonly values: StationValues };

/** A station speaks for itself only: an id that is not the topic's is another's. */
function readInfo(id: string, payload: string): Said | undefined {
  const info = parseRoomJson(payload, stationInfoSchema);
  return info?.id === id ? { kind: "info", info } : undefined;
}

function readState(what: RoomTopic, payload: string): Said | undefined {
  if (what === "status") {
    if (payload !== "online" && payload !== "offline") return undefined;
    return { kind: "status", online: payload === "online" };
  }
  const values = readValues(what, payload);
  return values && { kind: "values", values };
}

function readValues(what: RoomTopic, payload: string): StationValues | undefined {
  switch (what) {
    case "state": {
      const said = parseStationState(payload);
      return said && { activity: said.state, speaksTo: said.target ?? "" };
    }
    case "volume": {
      const volume = parsePercent(payload);
      return volume === undefined ? undefined : { volume };
    }
    case "mute":
    case "dnd": {
      const on = parseSwitch(payload);
      return on === undefined ? undefined : { [what]: on };
    }
    case "target": {
      const target = payload.length > 256 ? "" : toName(payload, { fallback: "" });
      return target === "" ? undefined : { target };
    }
    case "priority": {
      const priority = parsePriority(payload);
      return priority === undefined ? undefined : { priority };
    }
    default:
      return undefined;
  }
}
