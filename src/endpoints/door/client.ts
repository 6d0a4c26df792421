import { randomUUID } from "node:crypto";
import type { DoorSound } from "../../protocols/door/binary.ts";
import type { FromHub } from "../../protocols/door/messages.ts";
import { startedSchema } from "../../protocols/door/messages.ts";
import { doorEncoding } from "../../protocols/door/sound.ts";
import { type Clock, systemClock } from "../../util/clock.ts";
import { type Log, silentLog } from "../../util/log.ts";
import type { Loudspeaker, Microphone } from "../machine/ports.ts";
import { ClientCommands } from "./client-commands.ts";
import { DoorCommandError } from "./command-error.ts";
import type { DoorAddress } from "./connection.ts";
import { DoorDesk } from "./desk.ts";
import { DoorLink, type DoorState } from "./link.ts";
import { type DoorSoundForm, DoorStream, type DoorStreamCounters } from "./stream.ts";

/** Something happened at a door. */
export interface DoorEvent {
  readonly event: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Which station; undefined where the host tells no names. */
  readonly station?: string | undefined;
}

/** A station that a client may use. */
export interface DoorStationInfo {
  readonly id: string;
  readonly name: string;
  readonly online: boolean;
}

/** Options of {@link startDoorClient}. */
export interface DoorClientOptions extends DoorAddress {
  /** Its name; one connection of this name at a time. */
  readonly clientId: string;
  /** A person's token for programs: `dwt_...`. The original's host asks for none. */
  readonly token?: string | undefined;
  readonly sound?:
    | ({ readonly microphone: Microphone; readonly loudspeaker: Loudspeaker } & Partial<DoorSoundForm>)
    | undefined;
  readonly onState?: (state: DoorState) => void;
  readonly onEvent?: (event: DoorEvent) => void;
  /** Which stations there are, where the host tells it. */
  readonly onStations?: (stations: readonly DoorStationInfo[]) => void;
  /** The host said that something is wrong: `reason` is for programs. */
  readonly onTrouble?: (reason: string, details: Readonly<Record<string, unknown>>) => void;
  readonly onAudioEnded?: (audio: DoorAudio) => void;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Uniform random number in [0, 1); for tests. */
  readonly random?: () => number;
}

/** Sound that goes both ways between a client and a station. */
export interface DoorAudio {
  readonly streamId: string;
  readonly counters: DoorStreamCounters;
}

/** What a command is given to. */
export interface CommandTarget {
  /** Which station; the host's choice unless told. */
  readonly station?: string | undefined;
}

/** A client of doors that runs; ends when disposed. Microphone and loudspeaker are their makers'. */
export interface RunningDoorClient extends AsyncDisposable {
  readonly isConnected: boolean;
  readonly audio: DoorAudio | undefined;
  /** Resolves when it has been disposed; rejects with FatalError when the hub will never take it as it is. */
  readonly ended: Promise<void>;
  /** Asks a station to do something; gives the payload of its answer. Throws {@link DoorCommandError}. */
  command(
    command: string,
    payload?: Readonly<Record<string, unknown>>,
    target?: CommandTarget,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Opens sound both ways. Throws {@link DoorCommandError}. */
  startAudio(how?: CommandTarget & { readonly streamId?: string | undefined }): Promise<DoorAudio>;
  /** Ends it. Throws {@link DoorCommandError}. */
  stopAudio(): Promise<void>;
}

const defaults: DoorSoundForm = { sampleRateHz: 16_000, channels: 1, frameMs: 40 };

/** Starts a client of doors: it registers, and again whenever the connection is lost. */
export function startDoorClient(options: DoorClientOptions): RunningDoorClient {
  return new DoorClient(options);
}

interface OpenAudio extends DoorAudio {
  readonly stream: DoorStream;
  readonly joined: Disposable;
  readonly target: CommandTarget;
}

class DoorClient implements RunningDoorClient {
  readonly ended: Promise<void>;
  readonly #options: DoorClientOptions;
  readonly #form: DoorSoundForm;
  readonly #link: DoorLink;
  readonly #commands: ClientCommands;
  readonly #desk: DoorDesk | undefined;
  readonly #end = new AbortController();
  #audio: OpenAudio | undefined;

  constructor(options: DoorClientOptions) {
    const { clock = systemClock, log = silentLog, sound, onState, random } = options;
    const { sampleRateHz, channels, frameMs } = { ...defaults, ...sound };
    this.#options = options;
    this.#form = { sampleRateHz, channels, frameMs };
    this.#desk = sound && new DoorDesk({ ...sound, form: this.#form, clock });
    this.#link = new DoorLink({
      address: options,
      role: "home_assistant",
      clientId: options.clientId,
      token: options.token,
      features: ["ping", "binary", "stations"],
      onConnected: () => {},
      onLost: () => this.#lost(),
      onState: (state) => onState?.(state),
      onMessage: (message) => this.#heard(message),
      onSound: (heard: DoorSound) => this.#take(heard),
      random,
      clock,
      log,
    });
    this.#commands = new ClientCommands({ connection: () => this.#link.connection, clock });
    this.ended = this.#link.run(this.#end.signal);
    this.ended.catch(() => {}); // told to whoever waits for it
  }

  get isConnected(): boolean {
    return this.#link.connection !== undefined;
  }

  get audio(): DoorAudio | undefined {
    return this.#audio;
  }

  command(command: string, payload: Readonly<Record<string, unknown>> = {}, target: CommandTarget = {}) {
    return this.#commands.give({ command, payload, ...target });
  }

  async startAudio({ streamId, station }: CommandTarget & { readonly streamId?: string | undefined } = {}) {
    if (!this.#desk) throw new DoorCommandError("audio_init_failed", { details: "this client has no sound" });
    if (this.#audio) throw new DoorCommandError("audio_session_exists");
    const { sampleRateHz, channels } = this.#form;
    const wanted = { stream_id: streamId ?? randomUUID() };
    const form = { encoding: doorEncoding, sample_rate: sampleRateHz, channels };
    const target = { station };
    const answer = await this.command("start_audio", { ...wanted, ...form }, target).catch((error: unknown) => {
      // Its sound is another one: then it is converted here.
      if (!isOtherForm(error)) throw error;
      return this.command("start_audio", wanted, target);
    });
    return this.#opened(startedSchema.parse(answer).stream_id ?? wanted.stream_id, target);
  }

  async stopAudio(): Promise<void> {
    const audio = this.#audio;
    if (!audio) throw new DoorCommandError("unknown_stream_id");
    this.#closeAudio();
    await this.command("stop_audio", { stream_id: audio.streamId }, audio.target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.ended.catch(() => {}); // told to whoever waits for it
  }

  #opened(streamId: string, target: CommandTarget): DoorAudio {
    const { connection } = this.#link;
    if (!connection || !this.#desk) throw new DoorCommandError("connection_lost");
    const { maxPcmBytes } = connection;
    const send = (sound: DoorSound) => connection.sendSound(sound);
    const stream = new DoorStream({ streamId, form: this.#form, toClient: false, maxPcmBytes, send });
    const joined = this.#desk.join(stream);
    const audio = {
      streamId,
      stream,
      joined,
      target,
      get counters() {
        return stream.counters;
      },
    };
    this.#audio = audio;
    return audio;
  }

  #closeAudio(): void {
    const audio = this.#audio;
    if (!audio) return;
    this.#audio = undefined;
    audio.joined[Symbol.dispose]();
    this.#link.connection?.forgetSound(audio.streamId);
    this.#options.onAudioEnded?.(audio);
  }

  #lost(): void {
    this.#closeAudio();
    this.#commands.failAll(new DoorCommandError("connection_lost"));
  }

  #take(sound: DoorSound): void {
    if (sound.streamId === this.#audio?.streamId) this.#audio.stream.take(sound);
  }

  #heard(message: FromHub): void {
    const { onEvent, onStations } = this.#options;
    if (message.type === "response") this.#commands.answered(message);
    else if (message.type === "event")
      onEvent?.({ event: message.event, payload: message.payload, station: message.station });
    else if (message.type === "stations") onStations?.(message.stations);
    else if (message.type === "error") this.#failed(message);
  }

  #failed(message: FromHub<"error">): void {
    const { reason, details = {}, command_id: commandId } = message;
    if (details["stream_id"] === this.#audio?.streamId && this.#audio) this.#closeAudio();
    const error = new DoorCommandError(reason, details);
    if (commandId !== undefined) {
      this.#commands.fail(commandId, error);
      return;
    }
    // The original's host refuses a command without saying which one, and ends the connection.
    if (this.#link.connection?.isNewer === false) this.#commands.failAll(error);
    this.#options.onTrouble?.(reason, details);
  }
}

function isOtherForm(error: unknown): boolean {
  return error instanceof DoorCommandError && /^unsupported_(?:sample_rate|channels)$/.test(error.reason);
}
