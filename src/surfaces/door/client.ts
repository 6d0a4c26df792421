import { randomUUID } from "node:crypto";
import type { Principal, Right } from "../../identity/policy.ts";
import { isQuietPcm } from "../../media/blocks.ts";
import type { DoorSound } from "../../protocols/door/binary.ts";
import { type Started, startSchema, stopSchema, type ToHub } from "../../protocols/door/messages.ts";
import { checked } from "../../protocols/door/parse.ts";
import type { DoorSoundFormat } from "../../protocols/door/sound.ts";
import type { Clock } from "../../util/clock.ts";
import { DoorwardError, WireError } from "../../util/errors.ts";
import { Seldom } from "../../util/seldom.ts";
import type { Connection, Party } from "./connection.ts";
import { type Answer, type DoorStation, failure, startedFrom } from "./station.ts";
import type { Wish, Wishes } from "./wishes.ts";

/** Who asks, for the audit and the floor. */
export interface Talker {
  readonly key: string;
  readonly name: string;
}

/** An order that opens a door, and who wants it. */
export interface Unlocking {
  readonly command: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly by: Talker;
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
  stationFor(client: DoorClient, named: string | undefined): DoorStation;
  /** Throws WireError `forbidden` unless the client may give a station this command. */
  permit(client: DoorClient, of: { readonly station: DoorStation; readonly command: string }): void;
  /** True for a command that opens a door. */
  opensDoor(command: string): boolean;
  /** Opens a door, once for all who ask while it opens. */
  unlock(station: DoorStation, how: Unlocking): void;
  /** True for a stream of anybody. */
  isStream(streamId: string): boolean;
  /** A client has sound with a station now. */
  sessionOpened(by: DoorClient, station: DoorStation): void;
  /** A client has no sound with a station any more. */
  sessionEnded(by: DoorClient, station: DoorStation): void;
  /** What a client says of a call. Throws WireError. */
  callWish(by: DoorClient, wish: ToHub<"call">): void;
  /** The floor of a station's loudspeaker, for a client that speaks. */
  floorOf(station: DoorStation, by: DoorClient): { loud(): boolean };
  /** The others of a call in which a client speaks with a station; undefined where the two are alone. */
  othersOf(by: DoorClient, at: { readonly station: DoorStation; readonly format: DoorSoundFormat }): Others | undefined;
  /** The client that has this key now. */
  clientOf(key: string): DoorClient | undefined;
  clientLeft(client: DoorClient): void;
}

/** Options of {@link DoorClient}. */
export interface DoorClientOptions {
  readonly clientId: string;
  /** Whose it is over its reconnects. */
  readonly key: string;
  /** For people and the audit. */
  readonly name: string;
  /** Undefined for a guest, where everybody is let in. */
  readonly principal: Principal | undefined;
  readonly may: (right: Right, deviceId: string) => boolean;
  readonly connection: Connection;
  readonly house: ClientHouse;
}

interface Session {
  readonly station: DoorStation;
  readonly format: Started;
}

/** A person may listen at so many doors at once. */
const maxSessions = 8;
const maxEnded = 64;
const tellEveryMs = 5000;

/** A client while it is connected: what it asks of stations, with its own rights, and the sound that it has with them. */
export class DoorClient implements Party {
  readonly key: string;
  readonly clientId: string;
  /** The station of which it was told last. */
  toldOf: string | undefined;
  readonly #sessions = new Map<string, Session>();
  readonly #ended = new Set<string>();
  readonly #orders = new Map<string, DoorStation>();
  readonly #starting = new Set<string>();
  #left = false;
  readonly #seldom: Seldom;
  readonly #options: DoorClientOptions;

  constructor(options: DoorClientOptions) {
    this.#options = options;
    this.key = options.key;
    this.clientId = options.clientId;
    this.#seldom = new Seldom({ clock: options.house.clock, everyMs: tellEveryMs });
  }

  /** For people and the audit. */
  get name(): string {
    return this.#options.name;
  }

  get connection(): Connection {
    return this.#options.connection;
  }

  /** Whose token it showed. */
  get principal(): Principal | undefined {
    return this.#options.principal;
  }

  /** Somebody without a token, where everybody is let in. */
  get isGuest(): boolean {
    return this.#options.principal === undefined;
  }

  /** Stations with which it has sound. */
  get sessionStations(): readonly string[] {
    return [...this.#sessions.values()].map(({ station }) => station.id);
  }

  /** May it do this to a device? */
  may(right: Right, deviceId: string): boolean {
    return this.#options.may(right, deviceId);
  }

  /** May it know of a device at all? */
  knows(deviceId: string): boolean {
    return (["view", "listen", "talk", "unlock"] as const).some((right) => this.may(right, deviceId));
  }

  /** Something happened at a station. */
  event(stationId: string, { event, payload }: ToHub<"event">): void {
    this.toldOf = stationId;
    this.connection.say({ type: "event", event, payload, ...this.#from(stationId) });
  }

  receive(message: Parameters<Party["receive"]>[0]): void {
    if (message.type === "command") this.#command(message);
    else if (message.type === "call") this.#options.house.callWish(this, message);
    else if (message.type === "error") this.#complained(message);
  }

  sound(sound: DoorSound, data?: string): void {
    const session = this.#sessions.get(sound.streamId);
    if (!session) {
      if (this.#ended.has(sound.streamId) || this.#starting.has(sound.streamId)) return;
      const code = this.#options.house.isStream(sound.streamId) ? "stream_not_owned" : "unknown_stream_id";
      this.#forget(sound.streamId); // told once, then passed over
      throw new WireError("stream_id: there is no such stream of yours", {
        code,
        fields: { stream_id: sound.streamId },
      });
    }
    const { station } = session;
    if (!this.may("talk", station.id)) {
      this.#notPassed("forbidden", { stream: sound.streamId, right: "talk" });
      return;
    }
    const floor = this.#options.house.floorOf(station, this);
    if (!isQuietPcm(sound.pcm) && !floor.loud()) {
      this.#notPassed("audio_held", { stream: sound.streamId });
      return;
    }
    this.#options.house.othersOf(this, { station, format: sound })?.said(sound);
    station.play({ ...sound, data }, this.clientId);
  }

  left(): void {
    this.#left = true;
    for (const [id, { station }] of this.#sessions) station.abandonStream(id, this.clientId);
    this.#sessions.clear();
    for (const [id, station] of this.#orders) station.originLeft(id, this.clientId);
    this.#options.house.clientLeft(this);
  }

  /** The answer to what it asked, or asked on its connection of before. */
  answer(wish: Wish, answer: Answer): void {
    this.connection.say({ type: "response", command_id: wish.commandId, ...answer, ...this.#from(wish.stationId) });
  }

  #from(stationId: string): { readonly station?: string } {
    return this.connection.features.has("stations") ? { station: stationId } : {};
  }

  #command(message: ToHub<"command">): void {
    const { command, command_id: given, payload } = message;
    const commandId = given ?? randomUUID();
    try {
      const { house } = this.#options;
      const before = house.wishes.find({ clientKey: this.key, commandId, command, payload });
      if (before && this.#stillHolds(before)) {
        this.#acknowledge(commandId, false);
        if (before.answer) this.answer(before, before.answer);
        return;
      }
      this.#ask(message, { commandId, generated: given === undefined });
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // A refusal says of what it is one.
      throw new WireError(error.message, { code: error.code, fields: { ...error.fields, command_id: commandId } });
    }
  }

  /** An answer of before about sound counts only as long as it is true: after a reconnect there is no stream any more. */
  #stillHolds({ command, payload, answer }: Wish): boolean {
    if (!answer || (command !== "start_audio" && command !== "stop_audio")) return true;
    const id = answer.payload["stream_id"] ?? payload["stream_id"];
    return this.#sessions.has(String(id)) === (command === "start_audio");
  }

  #ask(message: ToHub<"command">, id: { readonly commandId: string; readonly generated: boolean }): void {
    const { command, payload } = message;
    const { house } = this.#options;
    const station =
      command === "stop_audio" ? this.#sessionOf(payload).station : house.stationFor(this, message.station);
    const asked = command === "start_audio" ? this.#startable(station, payload) : undefined;
    house.permit(this, { station, command });
    const wish = house.wishes.add({
      clientKey: this.key,
      commandId: id.commandId,
      command,
      payload,
      stationId: station.id,
    });
    if (!wish) throw new WireError("too many commands wait for an answer", { code: "too_many_commands" });
    this.#acknowledge(id.commandId, id.generated);
    if (asked?.stream_id !== undefined) this.#starting.add(asked.stream_id);
    const onAnswer = (answer: Answer) => {
      const told = this.#effect({ station, command, payload, asked: asked?.stream_id, answer });
      house.wishes.answered(wish, told);
      house.clientOf(this.key)?.answer(wish, told);
    };
    if (house.opensDoor(command))
      house.unlock(station, { command, payload, by: this.#options, originId: this.clientId, onAnswer });
    else this.#order(station, { command, payload, onAnswer });
  }

  #order(
    station: DoorStation,
    how: Pick<ToHub<"command">, "command" | "payload"> & { readonly onAnswer: (answer: Answer) => void },
  ): void {
    const { command, payload, onAnswer } = how;
    const order = station.order({
      command,
      payload,
      originId: this.clientId,
      onAnswer: (answer) => {
        this.#orders.delete(order);
        onAnswer(answer);
      },
    });
    this.#orders.set(order, station);
  }

  #acknowledge(commandId: string, generated: boolean): void {
    this.connection.say({ type: "command_ack", command_id: commandId, generated });
  }

  /** Its session that `stop_audio` means. Throws WireError. */
  #sessionOf(payload: Readonly<Record<string, unknown>>): Session {
    const { stream_id: id } = checked(stopSchema, payload);
    const session = this.#sessions.get(id);
    if (!session) throw new WireError("stream_id: there is no such stream of yours", { code: "unknown_stream_id" });
    return session;
  }

  /** What `start_audio` asks for. Throws WireError. */
  #startable(station: DoorStation, payload: Readonly<Record<string, unknown>>) {
    if ("direction" in payload)
      throw new WireError("direction: sound goes both ways", { code: "audio_direction_unsupported" });
    const asked = checked(startSchema, payload);
    const { stream_id: id } = asked;
    if (id !== undefined && (station.hasStream(id) || this.#sessions.has(id) || this.#starting.has(id))) {
      throw new WireError("stream_id: is in use", { code: "stream_id_in_use" });
    }
    if (this.#sessions.size + this.#starting.size >= maxSessions) {
      throw new WireError(`${maxSessions} audio sessions are enough`, { code: "audio_session_exists" });
    }
    return asked;
  }

  /** What an answer brings about; gives what the client is told. */
  #effect(of: {
    readonly station: DoorStation;
    readonly command: string;
    readonly payload: Readonly<Record<string, unknown>>;
    readonly asked: string | undefined;
    readonly answer: Answer;
  }): Answer {
    const { station, command, payload, asked, answer } = of;
    // Whatever the station says: who wants it to end is heard no more.
    if (command === "stop_audio") this.#stopped(String(payload["stream_id"]));
    if (command !== "start_audio") return answer;
    if (asked !== undefined) this.#starting.delete(asked);
    if (answer.status !== "ok") return answer;
    return this.#started({ station, asked, answer });
  }

  #started(of: { readonly station: DoorStation; readonly asked: string | undefined; readonly answer: Answer }): Answer {
    const { station, asked, answer } = of;
    try {
      const started = startedFrom(answer.payload, asked);
      const id = started.stream_id;
      if (station.hasStream(id)) throw new WireError("stream_id: runs already", { code: "duplicate_stream_id" });
      const owner = this.#left ? this.#options.house.clientOf(this.key) : this;
      if (!owner) {
        station.abandonStream(id, this.clientId);
        return failure("superseded");
      }
      owner.#open(station, started);
      return { status: "ok", payload: { ...answer.payload, stream_id: id } };
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      station.connection.tell(error.code, { message: error.message });
      return failure(error.code);
    }
  }

  #open(station: DoorStation, started: Started & { readonly stream_id: string }): void {
    const id = started.stream_id;
    const { house } = this.#options;
    const mayListen = this.may("listen", station.id);
    this.#sessions.set(id, { station, format: started });
    house.sessionOpened(this, station);
    station.openStream(started, {
      sound: (sound, data) => {
        if (!mayListen) {
          this.#notPassed("forbidden", { stream: id, right: "listen" });
          return;
        }
        const way = { direction: "intercom_to_client", originId: station.id } as const;
        const others = house.othersOf(this, { station, format: sound });
        if (others) this.connection.pass({ ...sound, pcm: others.heard(sound.pcm) }, way);
        else this.connection.pass({ ...sound, data }, way);
      },
      over: (why, format) => {
        this.#forget(id);
        const reason = why === "gone" ? "audio_intercom_disconnected" : "audio_stream_failed";
        this.connection.tell(reason, { stream_id: id, encoding: format.encoding });
      },
    });
  }

  #stopped(streamId: string): void {
    this.#sessions.get(streamId)?.station.closeStream(streamId);
    this.#forget(streamId);
  }

  #forget(streamId: string): void {
    const station = this.#sessions.get(streamId)?.station;
    this.#sessions.delete(streamId);
    if (station && !this.sessionStations.includes(station.id)) this.#options.house.sessionEnded(this, station);
    this.#ended.add(streamId);
    const [oldest] = this.#ended;
    if (this.#ended.size > maxEnded && oldest !== undefined) this.#ended.delete(oldest);
  }

  #complained({ reason, details }: ToHub<"error">): void {
    const id = details?.["stream_id"];
    const session = typeof id === "string" ? this.#sessions.get(id) : undefined;
    if (typeof id !== "string" || !session || reason !== "audio_stream_failed") return;
    session.station.abandonStream(id, this.clientId);
    this.#forget(id);
  }

  /** Told seldom, and not as `stream_id`: programs of before end a stream that an error names so. */
  #notPassed(reason: "forbidden" | "audio_held", details: Readonly<Record<string, string>>): void {
    if (this.#seldom.isNews(`${reason} ${details["stream"]}`)) this.connection.tell(reason, details);
  }
}

/** The reason of a refusal of the hub's own, for a registration. */
export function reasonOf(error: unknown): string {
  const reasons: Readonly<Record<string, string>> = {
    pending: "pending",
    refused: "refused",
    taken: "intercom_already_registered",
    disabled: "disabled",
    revoked: "revoked",
  };
  return (error instanceof DoorwardError && reasons[error.code]) || "internal_error";
}
