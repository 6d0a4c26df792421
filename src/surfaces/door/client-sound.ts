import { isQuietPcm } from "../../media/blocks.ts";
import type { DoorSound } from "../../protocols/door/binary.ts";
import { type Started, startSchema, stopSchema, type ToHub } from "../../protocols/door/messages.ts";
import { checked } from "../../protocols/door/parse.ts";
import { WireError } from "../../util/errors.ts";
import { Seldom } from "../../util/seldom.ts";
import type { ClientHouse, HouseClient } from "./client-house.ts";
import { type Answer, type DoorStation, failure, startedFrom } from "./station.ts";

interface Session {
  readonly station: DoorStation;
  readonly format: Started;
}

/** A person may listen at so many doors at once. */
const maxSessions = 8;
const maxEnded = 64;
const tellEveryMs = 5000;

/** The sound that a client has with stations while it is connected: each stream is a session of its own. */
export class ClientSound {
  readonly #sessions = new Map<string, Session>();
  readonly #ended = new Set<string>();
  readonly #starting = new Set<string>();
  #left = false;
  readonly #seldom: Seldom;
  readonly #client: HouseClient;
  readonly #house: ClientHouse;

  constructor({ client, house }: { readonly client: HouseClient; readonly house: ClientHouse }) {
    this.#client = client;
    this.#house = house;
    this.#seldom = new Seldom({ clock: house.clock, everyMs: tellEveryMs });
  }

  /** Stations with which there is sound. */
  get stations(): readonly string[] {
    return [...this.#sessions.values()].map(({ station }) => station.id);
  }

  /** True while a stream of this name runs. */
  has(streamId: string): boolean {
    return this.#sessions.has(streamId);
  }

  /** The client is gone, and its streams with it. */
  leave(): void {
    this.#left = true;
    for (const [id, { station }] of this.#sessions) station.abandonStream(id, this.#client.clientId);
    this.#sessions.clear();
  }

  /** Sound of the client. Throws WireError `unknown_stream_id`, `stream_not_owned`. */
  said(sound: DoorSound, data?: string): void {
    const session = this.#sessions.get(sound.streamId);
    if (!session) {
      this.#stray(sound.streamId);
      return;
    }
    const { station } = session;
    if (!this.#client.may("talk", station.id)) {
      this.#notPassed("forbidden", { stream: sound.streamId, right: "talk" });
      return;
    }
    const floor = this.#house.floorOf(station, this.#client);
    if (!isQuietPcm(sound.pcm) && !floor.loud()) {
      this.#notPassed("audio_held", { stream: sound.streamId });
      return;
    }
    this.#house.othersOf(this.#client, { station, format: sound })?.said(sound);
    station.play({ ...sound, data }, this.#client.clientId);
  }

  /** The station of the stream that `stop_audio` means. Throws WireError. */
  stationOf(payload: Readonly<Record<string, unknown>>): DoorStation {
    const { stream_id: id } = checked(stopSchema, payload);
    const session = this.#sessions.get(id);
    if (!session) throw new WireError("stream_id: there is no such stream of yours", { code: "unknown_stream_id" });
    return session.station;
  }

  /** What `start_audio` asks for. Throws WireError. */
  startable(
    station: DoorStation,
    payload: Readonly<Record<string, unknown>>,
  ): { readonly stream_id?: string | undefined } {
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

  /** The station was asked to start a stream. */
  starting(streamId: string): void {
    this.#starting.add(streamId);
  }

  /** What the station's answer to `start_audio` brings about; gives what the client is told. */
  started(of: { readonly station: DoorStation; readonly asked: string | undefined; readonly answer: Answer }): Answer {
    const { station, asked, answer } = of;
    if (asked !== undefined) this.#starting.delete(asked);
    if (answer.status !== "ok") return answer;
    try {
      const started = startedFrom(answer.payload, asked);
      const id = started.stream_id;
      if (station.hasStream(id)) throw new WireError("stream_id: runs already", { code: "duplicate_stream_id" });
      const owner = this.#left ? this.#house.clientOf(this.#client.key) : this.#client;
      if (!owner) {
        station.abandonStream(id, this.#client.clientId);
        return failure("superseded");
      }
      owner.opened(station, started);
      return { status: "ok", payload: { ...answer.payload, stream_id: id } };
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      station.connection.tell(error.code, { message: error.message });
      return failure(error.code);
    }
  }

  /** A stream runs from now on. */
  open(station: DoorStation, started: Started & { readonly stream_id: string }): void {
    const id = started.stream_id;
    const { connection } = this.#client;
    this.#sessions.set(id, { station, format: started });
    this.#house.sessionOpened(this.#client, station);
    const mayListen = this.#client.may("listen", station.id);
    station.openStream(started, {
      sound: (sound, data) => {
        if (mayListen) this.#heard(station, { sound, data });
        else this.#notPassed("forbidden", { stream: id, right: "listen" });
      },
      over: (why, format) => {
        this.#forget(id);
        const reason = why === "gone" ? "audio_intercom_disconnected" : "audio_stream_failed";
        connection.tell(reason, { stream_id: id, encoding: format.encoding });
      },
    });
  }

  /** The client wants this stream to end: whatever its station says, it is heard no more. */
  stopped(streamId: string): void {
    this.#sessions.get(streamId)?.station.closeStream(streamId);
    this.#forget(streamId);
  }

  /** The client reports an error, maybe of a stream. */
  complained({ reason, details }: ToHub<"error">): void {
    const id = details?.["stream_id"];
    const session = typeof id === "string" ? this.#sessions.get(id) : undefined;
    if (typeof id !== "string" || !session || reason !== "audio_stream_failed") return;
    session.station.abandonStream(id, this.#client.clientId);
    this.#forget(id);
  }

  #heard(
    station: DoorStation,
    { sound, data }: { readonly sound: DoorSound; readonly data: string | undefined },
  ): void {
    const { connection } = this.#client;
    const way = { direction: "intercom_to_client", originId: station.id } as const;
    const others = this.#house.othersOf(this.#client, { station, format: sound });
    if (others) connection.pass({ ...sound, pcm: others.heard(sound.pcm) }, way);
    else connection.pass({ ...sound, data }, way);
  }

  /** Sound of no stream of this client: told once, then passed over. */
  #stray(streamId: string): void {
    if (this.#ended.has(streamId) || this.#starting.has(streamId)) return;
    const code = this.#house.isStream(streamId) ? "stream_not_owned" : "unknown_stream_id";
    this.#forget(streamId);
    throw new WireError("stream_id: there is no such stream of yours", { code, fields: { stream_id: streamId } });
  }

  #forget(streamId: string): void {
    const station = this.#sessions.get(streamId)?.station;
    this.#sessions.delete(streamId);
    if (station && !this.stations.includes(station.id)) this.#house.sessionEnded(this.#client, station);
    this.#ended.add(streamId);
    const [oldest] = this.#ended;
    if (this.#ended.size > maxEnded && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** Told seldom, and not as `stream_id`: older programs end a stream that an error names so. */
  #notPassed(reason: "forbidden" | "audio_held", details: Readonly<Record<string, string>>): void {
    if (this.#seldom.isNews(`${reason} ${details["stream"]}`)) this.#client.connection.tell(reason, details);
  }
}
