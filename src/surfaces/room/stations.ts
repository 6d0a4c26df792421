import { stationIdOf } from "../../protocols/room/station-id.ts";
import type { StationActivity, StationReport } from "../../protocols/room/topics.ts";
import type { Clock } from "../../util/clock.ts";
import { Listeners } from "../../util/listeners.ts";
import type { Log } from "../../util/log.ts";

/** A station in a room, as it is known at the moment. */
export interface RoomStation {
  /** As in MQTT's topics: `intercom_9a0b1c2d`. */
  readonly id: string;
  /** What its room is called; its id until it has said so. */
  readonly name: string;
  readonly address?: string;
  /** The group on which it was heard last. */
  readonly group?: string;
  /** The device that it is, once it was let in. */
  readonly deviceId?: string;
  /** Said itself, or heard, to be there. */
  readonly online: boolean;
  /** It said, or its last will did, that it goes, and no sign of life has followed yet: nobody is offered it. */
  readonly leaving?: boolean;
  /** It carries no token: let in by its address, or because everybody is. */
  readonly legacy: boolean;
  readonly isMobile?: boolean;
  /** It speaks MQTT: it said itself who it is. */
  readonly told: boolean;
  /** It knows of calls: it is told how they stand, answers and hangs up by itself, and hears while it speaks. */
  readonly calls?: boolean;
  /** What it plays is not in what it says, also while it does both. */
  readonly cancelsEcho?: boolean;
  /** How often it said that it has come: a station that started again counts its packets anew. */
  readonly starts: number;
  /** It loses much of what is sent to the group, by what it says it heard. */
  readonly lossy?: boolean;
  /** What it says it does, and to whom it speaks then. */
  readonly state?: StationActivity;
  /** To whom it speaks at the moment, as it says. */
  readonly talksTo?: string;
  /** To whom it speaks when its button is pressed, as it says. */
  readonly target?: string;
}

/** What a station says of itself over MQTT (`intercom/devices/<id>/info`). */
export interface ToldStation {
  readonly id: string;
  readonly name: string;
  readonly address?: string | undefined;
  readonly isMobile?: boolean | undefined;
  readonly calls?: boolean | undefined;
  readonly cancelsEcho?: boolean | undefined;
}

/** Options of {@link RoomStations}. */
export interface RoomStationsOptions {
  readonly clock: Clock;
  readonly log: Log;
}

interface Known {
  station: RoomStation;
  /** When it stops to be there unless it gives a sign of life. */
  until?: Disposable;
}

/** After `offline`, a sign of life within this time keeps it: the last will of a lost connection may come late. */
const farewellMs = 5000;
/** What was only heard, and tells nobody when it goes, is there for this long after its last word. */
const heardMs = 10 * 60_000;
/** More than a house has; of what was only heard, fewer: anybody in the network can be heard under any number of names. */
const maxStations = 256;
const maxOnlyHeard = 64;

/**
 * Which stations there are, by what they say over MQTT and by what is heard of them. A station that says `offline` is gone
 * when no sign of life follows for 5 s. Its owner disposes it.
 */
export class RoomStations implements Disposable {
  readonly #known = new Map<string, Known>();
  /** What came before the station said who it is: retained messages come in any order. */
  readonly #early = new Map<string, boolean>();
  readonly #changes: Listeners<RoomStation>;
  readonly #reports: Listeners<{ readonly id: string; readonly report: StationReport }>;
  readonly #clock: Clock;

  constructor({ clock, log }: RoomStationsOptions) {
    this.#clock = clock;
    this.#changes = new Listeners((error) => log.error({ err: error }, "listener of room stations failed"));
    this.#reports = new Listeners((error) => log.error({ err: error }, "listener of room stations failed"));
  }

  /** All that are known, also those that are not there now. */
  list(): readonly RoomStation[] {
    return [...this.#known.values()].map(({ station }) => station);
  }

  get(id: string): RoomStation | undefined {
    return this.#known.get(id)?.station;
  }

  /** Calls `listener` with each station that came, changed or went; one that is known no more has `online: false`. */
  onChange(listener: (station: RoomStation) => void): Disposable {
    return this.#changes.add(listener);
  }

  /** It said who it is. */
  told({ id, name, address, isMobile, calls, cancelsEcho }: ToldStation): void {
    const known = this.#enter(id);
    if (!known) return;
    const early = this.#early.get(id);
    this.#early.delete(id);
    this.#set(known, {
      name,
      told: true,
      // Another program may have come under its id.
      ...((calls || known.station.calls) && { calls: calls === true }),
      ...((cancelsEcho || known.station.cancelsEcho) && { cancelsEcho: cancelsEcho === true }),
      ...(address !== undefined && { address }),
      ...(isMobile !== undefined && { isMobile }),
    });
    if (early === true) this.#alive(known);
  }

  /** It said that it is there, or goes; the broker says it in its place when it is lost. */
  status(id: string, online: boolean): void {
    const known = this.#known.get(id);
    if (!known) {
      if (this.#early.size < maxStations) this.#early.set(id, online);
      return;
    }
    if (online) this.#alive(known, { told: true, starts: known.station.starts + 1 });
    else if (known.station.online) {
      this.#goesIn(known, farewellMs);
      this.#set(known, { leaving: true });
    }
  }

  /** It said what it does (`state`), and to whom it speaks when it does. */
  said(id: string, { state, target }: { readonly state: StationActivity; readonly target?: string | undefined }): void {
    const known = this.#known.get(id);
    if (!known) return;
    const { talksTo: _, ...rest } = known.station;
    known.station = rest;
    this.#set(known, { state, ...(state === "transmitting" && target !== undefined && { talksTo: target }) });
    if (known.station.online) this.#alive(known);
  }

  /** It said to whom it speaks when its button is pressed. */
  aims(id: string, target: string): void {
    const known = this.#known.get(id);
    if (known) this.#set(known, { target });
  }

  /** Its sound was heard from `address`, on `group` or, undefined, sent to us alone. */
  heard(sender: string, address: string, group?: string): void {
    const known = this.#enter(stationIdOf(sender));
    if (known) this.#alive(known, { address, ...(group !== undefined && { group }) });
  }

  /** It was let in as this device. */
  isDevice(id: string, as: { readonly deviceId: string; readonly legacy: boolean }): void {
    const known = this.#known.get(id);
    if (known) this.#set(known, as);
  }

  /** It answered, or told what it heard. */
  reported(id: string, report: StationReport): void {
    if (this.#known.has(id)) this.#reports.emit({ id, report });
  }

  /** Calls `listener` with what stations report. */
  onReport(listener: (news: { readonly id: string; readonly report: StationReport }) => void): Disposable {
    return this.#reports.add(listener);
  }

  /** It loses much of what is sent to the group, or does not any more. */
  loses(id: string, lossy: boolean): void {
    const known = this.#known.get(id);
    if (known) this.#set(known, { lossy });
  }

  /** It took itself away. */
  gone(id: string): void {
    const known = this.#known.get(id);
    this.#early.delete(id);
    if (!known) return;
    known.until?.[Symbol.dispose]();
    this.#known.delete(id);
    this.#changes.emit({ ...known.station, online: false });
  }

  [Symbol.dispose](): void {
    for (const { until } of this.#known.values()) until?.[Symbol.dispose]();
    this.#known.clear();
  }

  #alive(known: Known, news: Partial<RoomStation> = {}): void {
    known.until?.[Symbol.dispose]();
    delete known.until;
    if (!(known.station.told || news.told)) this.#goesIn(known, heardMs);
    this.#set(known, { online: true, ...stays(known), ...news });
  }

  #goesIn(known: Known, ms: number): void {
    known.until?.[Symbol.dispose]();
    known.until = this.#clock.timer(ms, () => {
      if (known.station.told) this.#set(known, { online: false, ...stays(known) });
      else this.gone(known.station.id);
    });
  }

  #set(known: Known, news: Partial<RoomStation>): void {
    const before = known.station;
    const next = { ...before, ...news };
    const keys = new Set([...Object.keys(before), ...Object.keys(next)]) as Set<keyof RoomStation>;
    if ([...keys].every((key) => before[key] === next[key])) return;
    known.station = next;
    this.#changes.emit(next);
  }

  /** The station under this id, which is new; undefined where there are too many. */
  #enter(id: string): Known | undefined {
    const before = this.#known.get(id);
    if (before) return before;
    const onlyHeard = [...this.#known.values()].filter(({ station }) => !station.told);
    if (onlyHeard.length >= maxOnlyHeard) this.gone(onlyHeard[0]!.station.id);
    if (this.#known.size >= maxStations) return undefined;
    const known: Known = { station: { id, name: id, online: false, legacy: true, told: false, starts: 0 } };
    this.#known.set(id, known);
    return known;
  }
}

/** It goes no more: it stays, or is gone. */
function stays({ station }: Known): Partial<RoomStation> {
  return station.leaving ? { leaving: false } : {};
}
