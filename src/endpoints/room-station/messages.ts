import { type StationCallWish, stationCallSchema } from "../../protocols/room/calls.ts";
import {
  isAllRooms,
  parseRoomJson,
  parseRoomTopic,
  priorityWords,
  type RoomTopic,
  roomCallSchema,
  roomTopicOf,
} from "../../protocols/room/topics.ts";
import { discoveryMessages } from "./discovery.ts";
import type { HeardTalk } from "./multicast-count.ts";
import type { Publish } from "./ports.ts";
import { changeOf } from "./settings.ts";
import type { Station } from "./station.ts";

/** A message that came over MQTT. */
export interface StationMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retained: boolean;
}

/** Options of {@link StationMessages}. */
export interface StationMessagesOptions {
  readonly station: Station;
  /** 16 hexadecimal digits. */
  readonly sender: string;
  /** Address at which others reach us. */
  readonly address: string;
  readonly publish: Publish;
  /** Whether it describes itself to Home Assistant; Doorward's hub does that otherwise. */
  readonly discovery: boolean;
  /** What the loudspeaker plays is not in what the microphone gives. */
  readonly echoCancelled?: boolean | undefined;
  /** The time of the station, ms. */
  readonly nowMs: () => number;
}

/**
 * A station in MQTT: what it says of itself and what it is told. A message with the retain flag is never a command, and a
 * payload that nobody expects changes nothing.
 */
export class StationMessages {
  readonly #options: StationMessagesOptions;

  constructor(options: StationMessagesOptions) {
    this.#options = options;
  }

  /** What is subscribed to. */
  static filtersOf(id: string): readonly string[] {
    return [`intercom/${id}/+/set`, "intercom/devices/+/info", "intercom/+/status", "intercom/call"];
  }

  /** Where `offline` is the last will. */
  static statusOf(id: string): string {
    return roomTopicOf({ kind: "state", station: id, what: "status" });
  }

  /** Connected and subscribed: says who is here, and that last. */
  online(): void {
    const { station, address, publish, echoCancelled } = this.#options;
    this.#describe();
    const echo = echoCancelled && { echo: "cancelled" };
    const info = { room: station.room, ip: address, id: station.id, calls: "1", ...echo };
    publish(roomTopicOf({ kind: "info", station: station.id }), JSON.stringify(info), { retain: true });
    this.activity();
    this.settings();
    this.#state("status", "online");
  }

  /** The last words. */
  offline(): void {
    this.#state("status", "offline");
  }

  /** What the station does. */
  activity(): void {
    this.#state("state", JSON.stringify(this.#options.station.activity));
  }

  /** What is set. */
  settings(): void {
    const { volume, mute, dnd, target, priority } = this.#options.station.settings;
    this.#state("volume", `${volume}`);
    this.#state("mute", mute ? "ON" : "OFF");
    this.#state("dnd", dnd ? "ON" : "OFF");
    this.#state("target", target);
    this.#state("priority", priorityWords[priority]);
  }

  /** How much of a talk to the group came: by that the hub learns whether the network loses too much of them. */
  heard(talk: HeardTalk): void {
    this.#report("heard", JSON.stringify(talk));
  }

  /** Somebody here answers, declines or hangs up. */
  wish(wish: StationCallWish): void {
    this.#report("call", JSON.stringify(wish));
  }

  /** Rings a room; in a call, it hangs up, and what rings is declined. False when the room is unknown. */
  call(target: string, nowMs: number): boolean {
    const { station, publish } = this.#options;
    if (station.hangUp()) return true;
    if (!station.calls(target, nowMs)) return false;
    publish(roomTopicOf({ kind: "call" }), JSON.stringify({ target, caller: station.room }), { retain: false });
    return true;
  }

  /** A message came. */
  receive({ topic, payload, retained }: StationMessage): void {
    const { station } = this.#options;
    const address = parseRoomTopic(topic);
    if (!address) return;
    if (address.kind === "info" && address.station !== station.id) {
      if (station.peers.info(address.station, payload)) this.#describe();
    } else if (address.kind === "state" && address.what === "status" && address.station !== station.id) {
      station.peers.status(address.station, payload);
    } else if (address.kind === "call" && !retained) {
      this.#called(payload);
    } else if (address.kind === "command" && !retained && address.station === station.id) {
      if (address.what === "key") this.#key(payload);
      if (address.what === "ending") station.warn();
      if (address.what === "call") this.#callNews(payload);
      const change = changeOf(address.what, payload);
      if (change) station.set(change);
    }
  }

  #called(payload: string): void {
    const { station } = this.#options;
    const call = parseRoomJson(payload, roomCallSchema);
    const room = station.room.toLowerCase();
    if (!call || call.caller.toLowerCase() === room) return;
    if (isAllRooms(call.target) || call.target.trim().toLowerCase() === room) station.ring();
  }

  #callNews(payload: string): void {
    const news = parseRoomJson(payload, stationCallSchema);
    if (news) this.#options.station.takeCall(news, this.#options.nowMs());
  }

  #describe(): void {
    const { station, sender, publish, discovery } = this.#options;
    if (!discovery) return;
    const messages = discoveryMessages({ id: station.id, sender, room: station.room, rooms: station.peers.rooms });
    for (const { topic, payload } of messages) publish(topic, payload, { retain: true });
  }

  #key(payload: string): void {
    const id = this.#options.station.takeKey(payload, this.#options.nowMs());
    if (id !== undefined) this.#report("key", `${id}`);
  }

  /** What is said once, and tells nothing to whoever comes later. */
  #report(what: RoomTopic, payload: string): void {
    const { station, publish } = this.#options;
    publish(roomTopicOf({ kind: "state", station: station.id, what }), payload, { retain: false });
  }

  #state(what: RoomTopic, payload: string): void {
    const { station, publish } = this.#options;
    publish(roomTopicOf({ kind: "state", station: station.id, what }), payload, { retain: true });
  }
}
