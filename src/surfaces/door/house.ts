import type { CallInfo } from "../../hub/call-info.ts";
import type { Hub } from "../../hub/hub.ts";
import { mayUse } from "../../hub/reach.ts";
import type { Principal, Right } from "../../identity/policy.ts";
import { doorLimits } from "../../protocols/door/limits.ts";
import type { ToHub } from "../../protocols/door/messages.ts";
import type { DoorSoundFormat } from "../../protocols/door/sound.ts";
import type { Clock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import { CallLink } from "./call-link.ts";
import { ClientCalls } from "./client-calls.ts";
import type { ClientHouse, HouseClient, Unlocking } from "./client-house.ts";
import type { DoorConfig } from "./config.ts";
import { SessionFloor } from "./session-floor.ts";
import type { DoorStation } from "./station.ts";
import { Wishes } from "./wishes.ts";

/** Options of {@link DoorHouse}. */
export interface DoorHouseOptions {
  readonly hub: Hub;
  readonly config: DoorConfig;
}

/** What a guest may do where everybody is let in. */
const guestRights: readonly Right[] = ["view", "listen", "talk"];
/** For the answer to an order that opens a door. */
const unlockMs = doorLimits.unlockMs.value;

/** All door stations and clients that are connected, and what goes on between them. */
export class DoorHouse implements ClientHouse, Disposable {
  readonly clock: Clock;
  readonly wishes: Wishes;
  readonly #stations = new Map<string, DoorStation>();
  readonly #clients = new Map<string, HouseClient>();
  readonly #floors = new Map<string, SessionFloor>();
  readonly #calls = new Map<HouseClient, ClientCalls>();
  readonly #links = new Map<HouseClient, CallLink>();
  /** A press is being passed on. */
  #pressing = false;
  readonly #options: DoorHouseOptions;

  constructor(options: DoorHouseOptions) {
    this.#options = options;
    this.clock = options.hub.clock;
    this.wishes = new Wishes(this.clock);
    options.hub.locks.words.follow(options.config.unlockCommands);
  }

  /** Stations that are connected, the longest first. */
  get stations(): readonly DoorStation[] {
    return [...this.#stations.values()];
  }

  /** Clients that are connected. */
  get clients(): readonly HouseClient[] {
    return [...this.#clients.values()];
  }

  /** May somebody do this to a device? A guest is nobody, where everybody is let in. */
  may(principal: Principal | undefined, right: Right, deviceId: string): boolean {
    const { devices, identity } = this.#options.hub;
    const device = devices.get(deviceId);
    if (!device) return false;
    if (!principal) return guestRights.includes(right) && !device.settings.preview;
    return mayUse(identity.policy, { principal, right, device });
  }

  /** A station came; one of before under its name has ended. */
  stationCame(station: DoorStation): void {
    this.#stations.delete(station.id);
    this.#stations.set(station.id, station);
    this.#tellStations();
  }

  stationLeft(station: DoorStation): void {
    if (this.#stations.get(station.id) !== station) return;
    this.#stations.delete(station.id);
    this.#floors.get(station.id)?.[Symbol.dispose]();
    this.#floors.delete(station.id);
    this.#tellStations();
  }

  clientCame(client: HouseClient): void {
    this.#clients.set(client.key, client);
    this.#tellStationsTo(client);
    const mayAnswer = (call: CallInfo) => this.#mayAnswer(client, call);
    const isPressing = () => this.#pressing;
    this.#calls.set(client, new ClientCalls({ calls: this.#options.hub.calls, client, mayAnswer, isPressing }));
  }

  clientLeft(client: HouseClient): void {
    this.#unlink(client);
    this.#calls.get(client)?.[Symbol.dispose]();
    this.#calls.delete(client);
    if (this.#clients.get(client.key) === client) this.#clients.delete(client.key);
  }

  /** The client that has this key now. */
  clientOf(key: string): HouseClient | undefined {
    return this.#clients.get(key);
  }

  /** True for a stream of anybody. */
  isStream(streamId: string): boolean {
    return this.stations.some((station) => station.hasStream(streamId));
  }

  /** The station that a client means, by name or without one. Throws WireError `intercom_unavailable`. */
  stationFor(client: HouseClient, named: string | undefined): DoorStation {
    const assigned = this.#options.config.assign[client.clientId];
    const candidates =
      named !== undefined
        ? [named]
        : assigned !== undefined
          ? [assigned]
          : [
              ...client.sessionStations,
              ...(client.toldOf === undefined ? [] : [client.toldOf]),
              ...this.#stations.keys(),
            ];
    const found = candidates.map((id) => this.#stations.get(id)).find((station) => station && client.knows(station.id));
    if (!found) throw new WireError("no such station is there", { code: "intercom_unavailable" });
    return found;
  }

  /** Throws WireError `forbidden` unless the client may give a station this command. */
  permit(client: HouseClient, of: { readonly station: DoorStation; readonly command: string }): void {
    const needed = this.#rightFor(client, { command: of.command, stationId: of.station.id });
    if (needed.length === 0 || needed.some((right) => client.may(right, of.station.id))) return;
    throw new WireError(`the right to ${needed.join(" or ")} is missing`, {
      code: "forbidden",
      fields: { right: needed.join(" ") },
    });
  }

  #rightFor(
    client: HouseClient,
    { command, stationId }: { readonly command: string; readonly stationId: string },
  ): readonly Right[] {
    const { freeCommands } = this.#options.config;
    if (command === "stop_audio") return [];
    if (command === "start_audio") return ["listen", "talk"];
    if (this.opensDoor(command, stationId)) return ["unlock"];
    return freeCommands.includes(command) || client.isGuest ? ["talk"] : ["unlock"];
  }

  /** True for a command that opens a door of this station. */
  opensDoor(command: string, stationId: string): boolean {
    return this.#options.hub.locks.opens(command, stationId);
  }

  /** Opens a door, once for all who ask while it opens. */
  unlock(station: DoorStation, how: Unlocking): void {
    const { command, payload, by, originId, onAnswer } = how;
    const order = { command, payload, originId, timeoutMs: unlockMs, expiresMs: unlockMs };
    this.#options.hub.locks.order(station.id, {
      command,
      payload,
      by,
      openingMs: this.#options.config.openingMs,
      open: (answered) => station.order({ ...order, onAnswer: answered }),
      onAnswer,
    });
  }

  /** Declines the call that a command means: a program that knows nothing of calls can say that it does not come. */
  declined(by: HouseClient, message: ToHub<"command">) {
    if (!this.#options.config.declineCommands.includes(message.command)) return undefined;
    const call = this.#calls.get(by)?.declined({ station: message.station, reply: message.payload["reply"] });
    if (!call) return undefined;
    const payload = { call_id: call.id, state: call.state };
    return { stationId: call.from.deviceId ?? call.from.party, answer: { status: "ok", payload } as const };
  }

  /** A client has sound with a station now. */
  sessionOpened(by: HouseClient, station: DoorStation): void {
    this.#options.hub.identity.audit.record({ actor: by.name, action: "listen", subject: station.id });
    this.#calls.get(by)?.spokenWith(station.id);
  }

  sessionEnded(by: HouseClient, station: DoorStation): void {
    this.#unlink(by);
    this.#calls.get(by)?.left(station.id);
  }

  /** The others of a call in which a client speaks with a station; undefined where the two are alone. */
  othersOf(
    by: HouseClient,
    at: { readonly station: DoorStation; readonly format: DoorSoundFormat },
  ): CallLink | undefined {
    const call = this.#callOf(by, at.station.id);
    const known = this.#links.get(by);
    if (known && known.callId === call?.id && call.participants.length > 2) return known;
    this.#unlink(by);
    if (!call || call.participants.length <= 2) return undefined;
    const { callMedia: media, voices, clock, log } = this.#options.hub;
    const [party, station] = [`client:${by.clientId}`, `device:${at.station.id}`] as const;
    const { sampleRateHz, channels } = at.format;
    const format = { sampleRateHz, channels };
    const link = new CallLink({ media, voices, callId: call.id, party, station, format, clock, log });
    this.#links.set(by, link);
    return link;
  }

  callWish(by: HouseClient, wish: ToHub<"call">): void {
    this.#calls.get(by)?.receive(wish);
  }

  /** The floor of a station's loudspeaker, for a client that speaks. */
  floorOf(station: DoorStation, by: HouseClient): { loud(): boolean } {
    // In a call the floor is the call's, and so theirs.
    if (this.#callOf(by, station.id)) return { loud: () => this.#isOpenToCalls(station.id) };
    let floor = this.#floors.get(station.id);
    if (!floor) {
      floor = new SessionFloor({ hub: this.#options.hub, deviceId: station.id });
      this.#floors.set(station.id, floor);
    }
    const own = floor;
    return { loud: () => own.loud({ id: by.key, name: by.name }) };
  }

  /** Something happened at a station: it is told to all who may know of it, a press of a bell once for each call. */
  happened(station: DoorStation, event: ToHub<"event">): void {
    const isRing = this.#options.config.ringEvents.includes(event.event);
    const call = isRing ? this.#rings(station, event) : undefined;
    if (isRing && !call) return;
    for (const client of this.#clients.values()) {
      if (!this.#isFor(client, station.id) || !client.knows(station.id)) continue;
      if (call) this.#calls.get(client)?.tell(call, event.payload, event.event);
      else client.event(station.id, event);
    }
  }

  [Symbol.dispose](): void {
    for (const floor of this.#floors.values()) floor[Symbol.dispose]();
  }

  /** The call that rings now because of it, or rang already. */
  #rings(station: DoorStation, { payload }: ToHub<"event">): CallInfo | undefined {
    const text = (name: string) => (typeof payload[name] === "string" ? payload[name].slice(0, 64) : undefined);
    const [bell, pressId] = [text("bell"), text("press_id")];
    this.#pressing = true;
    station.device.emit({
      type: "ring",
      ...(bell !== undefined && { bell }),
      ...(pressId !== undefined && { pressId }),
    });
    this.#pressing = false;
    const { calls } = this.#options.hub;
    return calls.list().find(({ state, from }) => {
      return state === "ringing" && from.deviceId === station.id && from.bell === bell;
    });
  }

  #isFor(client: HouseClient, deviceId: string): boolean {
    const assigned = this.#options.config.assign[client.clientId];
    return assigned === undefined || assigned === deviceId;
  }

  #mayAnswer(client: HouseClient, call: CallInfo): boolean {
    const { callRights } = this.#options.hub;
    const { deviceId } = call.from;
    if (deviceId !== undefined && !this.#isFor(client, deviceId)) return false;
    if (client.principal) return callRights.mayAnswer(client.principal, call);
    return deviceId !== undefined && client.may("talk", deviceId);
  }

  #unlink(client: HouseClient): void {
    this.#links.get(client)?.[Symbol.dispose]();
    this.#links.delete(client);
  }

  /** The answered call in which a client speaks with a station. */
  #callOf(client: HouseClient, stationId: string): CallInfo | undefined {
    const { calls } = this.#options.hub;
    return calls.list().find(({ state, from, participants }) => {
      const isParty = participants.some(({ party }) => party === `client:${client.clientId}`);
      return state === "answered" && from.deviceId === stationId && isParty;
    });
  }

  /** An emergency takes a station from a call, too. */
  #isOpenToCalls(stationId: string): boolean {
    return (this.#options.hub.turns.holder(stationId).holder?.priority ?? 0) < 2;
  }

  #tellStations(): void {
    for (const client of this.#clients.values()) this.#tellStationsTo(client);
  }

  #tellStationsTo(client: HouseClient): void {
    if (!client.connection.features.has("stations")) return;
    const { devices } = this.#options.hub;
    const doors = devices.list().filter((device) => device.info().kind === "door" && client.knows(device.id));
    const stations = doors.map(({ id, name }) => ({ id, name, online: this.#stations.has(id) }));
    client.connection.say({ type: "stations", stations });
  }
}
