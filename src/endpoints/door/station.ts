import { randomUUID } from "node:crypto";
import type { DoorSound } from "../../protocols/door/binary.ts";
import type { FromHub } from "../../protocols/door/messages.ts";
import { background } from "../../util/background.ts";
import { type Clock, systemClock } from "../../util/clock.ts";
import { messageOf } from "../../util/errors.ts";
import { type Log, silentLog } from "../../util/log.ts";
import type { Loudspeaker, Microphone } from "../machine/ports.ts";
import { type DoorAnswer, GivenAnswers } from "./answers.ts";
import { DoorCommandError } from "./command-error.ts";
import type { DoorAddress, DoorConnection } from "./connection.ts";
import { DoorLink, type DoorState } from "./link.ts";
import { StationStreams } from "./station-streams.ts";
import type { DoorSoundForm, DoorStreamEvent } from "./stream.ts";

/** What a handler is told of a command. */
export interface DoorCall {
  readonly payload: Readonly<Record<string, unknown>>;
  /** Who asks: a client's id, or `hub`. */
  readonly origin: string;
  /** Aborts when it must not be carried out any more: a door is opened at once, or not at all. */
  readonly signal: AbortSignal;
}

/** Carries a command out; gives the payload of the answer. Throws {@link DoorCommandError} to answer with a reason of its own. */
export type DoorHandler = (call: DoorCall) => Promise<Readonly<Record<string, unknown>> | undefined>;

/** Microphone and loudspeaker of a station, and how it sends their sound. */
export interface DoorStationSound extends Partial<DoorSoundForm> {
  readonly microphone: Microphone;
  readonly loudspeaker: Loudspeaker;
}

/** Options of {@link startDoorStation}. */
export interface DoorStationOptions extends DoorAddress {
  /** Its name, and the id of its device at the hub: `front-door`. */
  readonly clientId: string;
  /**
   * By which the hub knows it: one that it was given (`dwd_...`), or one that it made by itself (`dwd_own_` and 256 random bits
   * in base64url), which is let in once. The original's host asks for none.
   */
  readonly token?: string | undefined;
  /** A station without is a bell. */
  readonly sound?: DoorStationSound | undefined;
  /** What it does by name, e.g. `unlock`; `start_audio` and `stop_audio` are its own. */
  readonly commands?: Readonly<Record<string, DoorHandler>>;
  readonly onState?: (state: DoorState) => void;
  /** Somebody begins to listen and speak, or has ended. */
  readonly onStream?: (event: DoorStreamEvent) => void;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Uniform random number in [0, 1); for tests. */
  readonly random?: () => number;
}

/** A door station that runs; ends when disposed. Microphone and loudspeaker are their makers'. */
export interface RunningDoorStation extends AsyncDisposable {
  /** True while the hub has it. */
  readonly isConnected: boolean;
  /** Streams that run. */
  readonly streams: number;
  /** Resolves when it has been disposed; rejects with FatalError when the hub will never take it as it is. */
  readonly ended: Promise<void>;
  /** Its bell was pressed: told at once, or when the hub is there again within 3 s. `bell` names it where there are several. */
  ring(bell?: string): void;
  /** Anything else that happened, e.g. `door_opened`. False when nobody heard it, because there is no connection. */
  tell(event: string, payload?: Readonly<Record<string, unknown>>): boolean;
}

/** Visitors who rang while the hub was away for a moment are told when it is back; later there would be a ghost at the door. */
const ringKeptMs = 3000;
const defaults: DoorSoundForm = { sampleRateHz: 16_000, channels: 1, frameMs: 40 };

/** Starts a door station: it registers, and again whenever the connection is lost. */
export function startDoorStation(options: DoorStationOptions): RunningDoorStation {
  return new DoorStation(options);
}

class DoorStation implements RunningDoorStation {
  readonly ended: Promise<void>;
  readonly #options: DoorStationOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #link: DoorLink;
  readonly #streams: StationStreams;
  readonly #answers: GivenAnswers;
  readonly #end = new AbortController();
  #rung: { readonly bell: string | undefined; readonly untilUs: number } | undefined;

  constructor(options: DoorStationOptions) {
    const { clock = systemClock, log = silentLog, sound, onState, onStream, random } = options;
    const form = { ...defaults, ...definedOf(sound) };
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#answers = new GivenAnswers(clock);
    this.#streams = new StationStreams({ sound: sound && { ...sound, form }, onStream, clock });
    this.#link = new DoorLink({
      address: options,
      role: "intercom",
      clientId: options.clientId,
      token: options.token,
      features: ["ping", "binary"],
      ...(sound && { audio: audioOf(form) }),
      onConnected: (connection) => this.#connected(connection),
      onLost: () => this.#streams.endAll(),
      onState: (state) => onState?.(state),
      onMessage: (message) => this.#heard(message),
      onSound: (heard: DoorSound) => this.#streams.take(heard),
      random,
      clock,
      log,
    });
    this.ended = this.#link.run(this.#end.signal);
    this.ended.catch(() => {}); // told to whoever waits for it
  }

  get isConnected(): boolean {
    return this.#link.connection !== undefined;
  }

  get streams(): number {
    return this.#streams.size;
  }

  ring(bell?: string): void {
    const event = { ...(bell !== undefined && { bell }), press_id: randomUUID() };
    if (this.tell("ring", event)) return;
    this.#rung = { bell, untilUs: this.#clock.nowUs() + ringKeptMs * 1000 };
  }

  tell(event: string, payload: Readonly<Record<string, unknown>> = {}): boolean {
    const { connection } = this.#link;
    connection?.send({ type: "event", event, payload });
    return connection !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.ended.catch(() => {}); // told to whoever waits for it
  }

  #connected(connection: DoorConnection): void {
    this.#streams.connected(connection);
    const rung = this.#rung;
    this.#rung = undefined;
    // Told when the state is: the caller may look at the station then.
    if (rung && rung.untilUs >= this.#clock.nowUs()) queueMicrotask(() => this.ring(rung.bell));
  }

  #heard(message: FromHub): void {
    if (message.type === "error") this.#streams.failed(message);
    if (message.type !== "command") return;
    const { connection } = this.#link;
    const answer = this.#answers.to(message.command_id, () => this.#carryOut(message));
    const say = async () => {
      connection?.send({ type: "response", command_id: message.command_id, ...(await answer) });
    };
    background(say(), (err) => this.#log.error({ err }, "a command was not answered"));
  }

  async #carryOut(message: FromHub<"command">): Promise<DoorAnswer> {
    const { command, payload, origin_id: origin } = message;
    const handler = this.#options.commands?.[command];
    try {
      if (command === "start_audio") return ok(this.#streams.start(payload, origin));
      if (command === "stop_audio") return ok(this.#streams.stop(payload));
      if (!handler || !Object.hasOwn(this.#options.commands ?? {}, command))
        throw new DoorCommandError("unknown_command");
      using life = this.#lifeOf(message);
      return ok((await handler({ payload, origin, signal: life.signal })) ?? {});
    } catch (error) {
      if (error instanceof DoorCommandError) return failed(error.reason, error.details);
      this.#log.warn({ err: error, command }, "a command failed");
      return failed("exception", { details: messageOf(error) });
    }
  }

  #lifeOf({ expires_ms: expiresMs }: FromHub<"command">): Disposable & { readonly signal: AbortSignal } {
    const life = new AbortController();
    const timer = expiresMs === undefined ? undefined : this.#clock.timer(expiresMs, () => life.abort());
    return { signal: life.signal, [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
  }
}

function definedOf(sound: DoorStationSound | undefined): Partial<DoorSoundForm> {
  const { sampleRateHz, channels, frameMs } = sound ?? {};
  return {
    ...(sampleRateHz !== undefined && { sampleRateHz }),
    ...(channels !== undefined && { channels }),
    ...(frameMs !== undefined && { frameMs }),
  };
}

function audioOf({ sampleRateHz, channels, frameMs }: DoorSoundForm) {
  return { sample_rate: sampleRateHz, channels, frame_ms: frameMs };
}

function ok(payload: Readonly<Record<string, unknown>>): DoorAnswer {
  return { status: "ok", payload };
}

function failed(reason: string, details: Readonly<Record<string, unknown>>): DoorAnswer {
  return { status: "error", payload: { ...details, reason } };
}
