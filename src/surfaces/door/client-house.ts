import type { CallParty } from "../../hub/call-info.ts";
import type { Principal, Right } from "../../identity/policy.ts";
import type { DoorSound } from "../../protocols/door/binary.ts";
import type { Started, ToHub } from "../../protocols/door/messages.ts";
import type { DoorSoundFormat } from "../../protocols/door/sound.ts";
import type { Clock } from "../../util/clock.ts";
import type { Connection } from "./connection.ts";
import type { Answer, DoorStation } from "./station.ts";
import type { Wish, Wishes } from "./wishes.ts";

/** A client as the house and its sound know it. */
export interface HouseClient {
  /** Whose it is over its reconnects. */
  readonly key: string;
  readonly clientId: string;
  /** For people and the audit. */
  readonly name: string;
  /** Whose token it showed. */
  readonly principal: Principal | undefined;
  /** Somebody without a token, where everybody is let in. */
  readonly isGuest: boolean;
  readonly connection: Connection;
  /** Stations with which it has sound. */
  readonly sessionStations: readonly string[];
  /** The station of which it was told last. */
  readonly toldOf: string | undefined;
  /** May it do this to a device? */
  may(right: Right, deviceId: string): boolean;
  /** May it know of a device at all? */
  knows(deviceId: string): boolean;
  /** Something happened at a station. */
  event(stationId: string, event: ToHub<"event">): void;
  /** The answer to what it asked, or asked on its connection of before. */
  answer(wish: Wish, answer: Answer): void;
  /** A stream that it, or its connection of before, asked for runs now. */
  opened(station: DoorStation, started: Started & { readonly stream_id: string }): void;
}

/** An order that opens a door, and who wants it. */
export interface Unlocking {
  readonly command: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly by: CallParty;
  /** What the station is told of who asks. */
  readonly originId: string;
  readonly onAnswer: (answer: Answer) => void;
}

/** Who else is in a call beside a client and a station. */
export interface Others {
  said(sound: Pick<DoorSound, "pcm">): void;
  heard(pcm: Uint8Array): Uint8Array;
}

/** What a client asks of the house: the stations that are there, and what it may do to them. */
export interface ClientHouse {
  readonly clock: Clock;
  readonly wishes: Wishes;
  /** The station that a client means, by name or without one. Throws WireError `intercom_unavailable`. */
  stationFor(client: HouseClient, named: string | undefined): DoorStation;
  /** Throws WireError `forbidden` unless the client may give a station this command. */
  permit(client: HouseClient, of: { readonly station: DoorStation; readonly command: string }): void;
  /** True for a command that opens a door of this station. */
  opensDoor(command: string, stationId: string): boolean;
  /** Opens a door, once for all who ask while it opens. */
  unlock(station: DoorStation, how: Unlocking): void;
  /** Declines the call that a command means; gives what the client is told. Undefined: it means none. */
  declined(
    by: HouseClient,
    message: ToHub<"command">,
  ): { readonly stationId: string; readonly answer: Answer } | undefined;
  /** True for a stream of anybody. */
  isStream(streamId: string): boolean;
  /** A client has sound with a station now. */
  sessionOpened(by: HouseClient, station: DoorStation): void;
  /** A client has no sound with a station any more. */
  sessionEnded(by: HouseClient, station: DoorStation): void;
  /** What a client says of a call. Throws WireError. */
  callWish(by: HouseClient, wish: ToHub<"call">): void;
  /** The floor of a station's loudspeaker, for a client that speaks. */
  floorOf(station: DoorStation, by: HouseClient): { loud(): boolean };
  /** The others of a call in which a client speaks with a station; undefined where the two are alone. */
  othersOf(
    by: HouseClient,
    at: { readonly station: DoorStation; readonly format: DoorSoundFormat },
  ): Others | undefined;
  /** The client that has this key now. */
  clientOf(key: string): HouseClient | undefined;
  clientLeft(client: HouseClient): void;
}
