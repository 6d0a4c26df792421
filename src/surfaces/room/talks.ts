import type { Turn, TurnState } from "../../hub/api.ts";
import type { ChannelId } from "../../hub/channel.ts";
import type { Hub } from "../../hub/hub.ts";
import { mayUse } from "../../hub/reach.ts";
import type { Frame } from "../../media/frame.ts";
import type { HeardTalk, TalkSink } from "../../protocols/room/ears.ts";
import type { RoomPriority } from "../../protocols/room/packet.ts";
import { stationIdOf } from "../../protocols/room/station-id.ts";
import { allRooms } from "../../protocols/room/topics.ts";
import type { RoomArrivals } from "./arrivals.ts";
import type { StationCalls } from "./calls/station-calls.ts";
import type { RoomConfig } from "./config.ts";
import type { RoomNetwork } from "./networks.ts";
import type { RoomStation, RoomStations } from "./stations.ts";
import { channelsOf, whyNobody } from "./targets.ts";
import { urgencyOfUnproven } from "./urgency.ts";
import type { Visit } from "./visit.ts";

/** Options of {@link RoomTalks}. */
export interface RoomTalksOptions {
  readonly hub: Pick<Hub, "turns" | "devices" | "house" | "identity" | "reception" | "log">;
  readonly stations: RoomStations;
  readonly arrivals: RoomArrivals;
  readonly config: Pick<RoomConfig, "group" | "emergency" | "name">;
  /** Tells a station of ours that its talk ends in so many seconds. */
  readonly warn?: (visit: Visit, seconds: number) => void;
  /** Which stations speak in a call, and answer one by that. */
  readonly calls?: Pick<StationCalls, "talks" | "speaks">;
  /** In which of our networks an address is: multicast goes no further. */
  readonly networkOf: (address: string | undefined) => RoomNetwork | undefined;
}

/** What stations said; monotonic. */
export interface TalkCounters {
  heard: number;
  granted: number;
  refused: number;
  /** Meant for a room that nobody has, or for none. */
  aimless: number;
}

/** What is said while a new station is let in: 1 s. */
const maxWaiting = 50;

/** Brings what stations say under the hub's floor: to those who are meant and do not hear it by themselves. */
export class RoomTalks {
  readonly counters: TalkCounters = { heard: 0, granted: 0, refused: 0, aimless: 0 };
  readonly #options: RoomTalksOptions;

  constructor(options: RoomTalksOptions) {
    this.#options = options;
  }

  /** Somebody begins to talk. */
  hear(heard: HeardTalk): TalkSink {
    const { stations, arrivals } = this.#options;
    const id = stationIdOf(heard.sender);
    this.counters.heard++;
    stations.heard(heard.sender, heard.address, heard.group);
    const held = new DisposableStack();
    const waiting: { readonly frame: Frame; readonly lostBefore: number }[] = [];
    let talk: TalkSink | undefined;
    const begin = (visit: Visit) => {
      if (talk || visit.stationId !== id) return;
      talk = this.#begin(heard, visit);
      for (const { frame, lostBefore } of waiting.splice(0)) talk.write(frame, lostBefore);
    };
    const visit = arrivals.visitOf(id);
    if (visit) begin(visit);
    else held.use(arrivals.onCame(begin));
    return {
      write: (frame, lostBefore) => {
        if (talk) talk.write(frame, lostBefore);
        else if (waiting.push({ frame, lostBefore }) > maxWaiting) waiting.shift();
      },
      end: () => {
        held.dispose();
        talk?.end();
      },
    };
  }

  #begin(heard: HeardTalk, visit: Visit): TalkSink {
    const { calls } = this.#options;
    if (calls?.talks(visit.deviceId, heard.priority)) return inCall(visit, calls);
    return new Talk(this.#options, { heard, visit, counters: this.counters });
  }
}

/** What a station says in its call: heard there, and by nobody else through us. */
function inCall(visit: Visit, calls: Pick<StationCalls, "speaks">): TalkSink {
  const speaking = calls.speaks(visit.deviceId);
  return {
    write: (frame, lostBefore) => visit.write(frame, lostBefore),
    end: () => speaking[Symbol.dispose](),
  };
}

interface TalkDetails {
  readonly heard: HeardTalk;
  readonly visit: Visit;
  readonly counters: TalkCounters;
}

/** One talk of a station that was let in. */
class Talk implements TalkSink {
  #turn: Turn | undefined;
  readonly #held = new DisposableStack();
  readonly #options: RoomTalksOptions;
  readonly #what: TalkDetails;
  readonly #lostBefore: number;

  constructor(options: RoomTalksOptions, what: TalkDetails) {
    this.#options = options;
    this.#what = what;
    this.#lostBefore = what.visit.voice.lostPackets;
    this.#aim();
    if (this.#turn) return;
    // What it does may be told a moment after it begins; until then nobody hears it, rather than everybody.
    this.#held.use(options.stations.onChange(({ id }) => id === what.visit.stationId && this.#aim()));
  }

  write(frame: Frame, lostBefore: number): void {
    this.#what.visit.write(frame, lostBefore);
  }

  end(): void {
    this.#held.dispose();
    this.#turn?.finish();
    if (this.#turn) return;
    this.#what.counters.aimless++;
    const { hub } = this.#options;
    const { visit } = this.#what;
    const named = aimOf(this.#station, this.#what.heard) ?? "";
    const why = whyNobody(named, { hubName: this.#options.config.name });
    const to = named === "" ? "nobody that it named" : `"${named}", which ${why}`;
    hub.log.info({ device: visit.deviceId }, `${this.#name} spoke to ${to}: nobody heard it`);
  }

  get #station(): RoomStation | undefined {
    return this.#options.stations.get(this.#what.visit.stationId);
  }

  get #name(): string {
    const { deviceId } = this.#what.visit;
    return this.#options.hub.devices.get(deviceId)?.name ?? deviceId;
  }

  #aim(): void {
    if (this.#turn) return;
    const { hub, stations, config } = this.#options;
    const named = aimOf(this.#station, this.#what.heard);
    const channels = channelsOf(named, { hub, stations, hubName: config.name });
    if (channels.length === 0) return;
    this.#held.dispose();
    this.#take(channels);
  }

  #take(channels: readonly ChannelId[]): void {
    const { hub } = this.#options;
    const { visit, heard } = this.#what;
    const { deviceId, voice } = visit;
    this.#turn = hub.turns.take({
      to: channels,
      may: (id) => id !== deviceId && this.#may(id),
      hears: (id) => this.#hears(id),
      talker: { id: `device:${deviceId}`, name: this.#name },
      priority: this.#priority(heard.priority),
      queue: false,
      source: { live: true, voice: voice.track, lostPackets: () => voice.lostPackets - this.#lostBefore },
      onState: (state) => this.#told(state, channels.join(" ")),
    });
  }

  /** Rights of a station that was let in; where everybody is, of everybody. */
  #may(id: string): boolean {
    const { hub } = this.#options;
    const { reception, devices, identity } = hub;
    const device = devices.get(id);
    if (!device) return false;
    const principal = reception.principalUnder(this.#what.visit.deviceId);
    if (!principal) return reception.isOpen;
    return mayUse(identity.policy, { principal, right: "talk", device });
  }

  /** A station on the same group in the same network hears it without us. */
  #hears(deviceId: string): boolean {
    const { arrivals, stations, config, networkOf } = this.#options;
    const { group, address } = this.#what.heard;
    const visit = arrivals.list().find((one) => one.deviceId === deviceId);
    const other = visit && stations.get(visit.stationId);
    if (!other || group === undefined || (other.group ?? config.group) !== group) return false;
    const network = networkOf(address);
    return network !== undefined && networkOf(other.address) === network;
  }

  #priority(asked: RoomPriority): RoomPriority {
    const { hub, config } = this.#options;
    return this.#what.visit.key ? asked : urgencyOfUnproven(asked, { hub, emergency: config.emergency });
  }

  #told(state: TurnState, channel: string): void {
    const { hub, warn } = this.#options;
    const { counters, visit } = this.#what;
    if (state.state === "granted") {
      counters.granted++;
      hub.identity.audit.record({ actor: visit.deviceId, action: "talk", subject: channel });
      hub.log.info({ device: visit.deviceId, to: channel }, `${this.#name} speaks`);
    } else if (state.state === "ending") {
      warn?.(visit, state.seconds);
    } else if (state.state === "refused") {
      counters.refused++;
      const why = state.holder ? `${state.holder.name} speaks` : state.reason;
      hub.log.info({ device: visit.deviceId, to: channel, reason: state.reason }, `${this.#name} is not heard: ${why}`);
    }
  }
}

/**
 * Whom a station means: what it says it does; to the group it speaks to everybody unless it says otherwise; to us alone, to
 * whom its button is set.
 */
function aimOf(station: RoomStation | undefined, { group }: HeardTalk): string | undefined {
  if (station?.talksTo !== undefined) return station.talksTo;
  return group === undefined ? station?.target : allRooms;
}
