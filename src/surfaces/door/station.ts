import { randomUUID } from "node:crypto";
import type { Device } from "../../device/driver.ts";
import type { DoorSound } from "../../protocols/door/binary.ts";
import { doorLimits } from "../../protocols/door/limits.ts";
import { type FromHub, type Started, startedSchema, type ToHub } from "../../protocols/door/messages.ts";
import { checked } from "../../protocols/door/parse.ts";
import { checkSoundFormat } from "../../protocols/door/sound.ts";
import type { Clock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import type { Connection, Party, PassedSound } from "./connection.ts";

/** The station's answer to a command, or what the hub says for it. */
export interface Answer {
  readonly status: "ok" | "error";
  readonly payload: Readonly<Record<string, unknown>>;
}

/** A command for a station. */
export interface Order {
  readonly command: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Who asks: a client's id, or `hub`. */
  readonly originId: string;
  readonly timeoutMs?: number;
  /** After which it must not be carried out any more. */
  readonly expiresMs?: number;
  /** Called once, within its time-out, whatever happens. */
  readonly onAnswer: (answer: Answer) => void;
}

/** Who hears one stream of a station. */
export interface StreamEnd {
  /** A frame of the station; `data` is its base64 where it came so. Must not throw. */
  sound(sound: DoorSound, data?: string): void;
  /** The stream is over, through the station. */
  over(why: "gone" | "failed", format: Started): void;
}

interface Stream {
  readonly end: StreamEnd;
  readonly format: Started;
}

/** Options of {@link DoorStation}. */
export interface DoorStationOptions {
  readonly id: string;
  readonly device: Device;
  readonly connection: Connection;
  readonly clock: Clock;
  /** Its bell was pressed, or anything else happened. */
  readonly onEvent: (event: ToHub<"event">) => void;
  readonly onLeft: (station: DoorStation) => void;
}

/** Streams that ended a while ago are remembered, since their last frames are still on the way. */
const maxEnded = 64;
/** A station that goes on sending what nobody hears any more is told again. */
const remindMs = 1000;

/** A door station while it is connected: commands go to it once each, its streams to whoever asked for them. */
export class DoorStation implements Party {
  readonly id: string;
  readonly device: Device;
  /** Answers that came too late, or to nothing that was asked. */
  readonly counters = { lateAnswers: 0, lateFrames: 0 };
  readonly #orders = new Map<string, { readonly order: Order; readonly timer: Disposable }>();
  readonly #streams = new Map<string, Stream>();
  readonly #ended = new Map<string, number>();
  /** Ids of orders whose time is over: their answers are no fault of the station. */
  readonly #past: string[] = [];
  #left = false;
  readonly #options: DoorStationOptions;

  constructor(options: DoorStationOptions) {
    this.#options = options;
    this.id = options.id;
    this.device = options.device;
  }

  get connection(): Connection {
    return this.#options.connection;
  }

  /** Gives the station a command, under an id of the hub's own. */
  order(order: Order): string {
    const id = randomUUID();
    const { timeoutMs = doorLimits.commandMs.value } = order;
    if (this.#left) {
      queueMicrotask(() => order.onAnswer(failure("intercom_disconnected")));
      return id;
    }
    const timer = this.#options.clock.timer(timeoutMs, () => this.#settle(id, failure("timeout")));
    this.#orders.set(id, { order, timer });
    const { command, payload, originId, expiresMs } = order;
    const message: FromHub<"command"> = { type: "command", command, payload, command_id: id, origin_id: originId };
    this.connection.say(expiresMs === undefined ? message : { ...message, expires_ms: expiresMs });
    return id;
  }

  /** Whoever gave this command is gone; its answer goes nowhere unless they come back. */
  originLeft(orderId: string, clientId: string): void {
    if (!this.#orders.has(orderId)) return;
    this.connection.tell("origin_client_disconnected", { client_id: clientId, command_id: orderId });
  }

  /** True while the station has a stream of this name. */
  hasStream(streamId: string): boolean {
    return this.#streams.has(streamId);
  }

  /** True for a stream that was there and ended not long ago. */
  hadStream(streamId: string): boolean {
    return this.#ended.has(streamId);
  }

  /** The station has answered `start_audio`: from now on the stream goes to `end`. */
  openStream(format: Started & { readonly stream_id: string }, end: StreamEnd): void {
    this.#ended.delete(format.stream_id);
    this.#streams.set(format.stream_id, { format, end });
  }

  /** The stream is over, by `stop_audio`. */
  closeStream(streamId: string): void {
    if (!this.#streams.delete(streamId)) return;
    this.#remember(streamId);
  }

  /** The stream is over, because its listener is gone: the station is told as the original host does. */
  abandonStream(streamId: string, clientId: string): void {
    this.closeStream(streamId);
    this.connection.tell("audio_client_disconnected", { client_id: clientId, stream_id: streamId });
  }

  /** Sound for the station. */
  play(sound: PassedSound, originId: string): void {
    this.connection.pass(sound, { direction: "client_to_intercom", originId });
  }

  receive(message: Parameters<Party["receive"]>[0]): void {
    if (message.type === "response") {
      this.#answered(message);
      return;
    }
    if (message.type === "event") {
      this.#options.onEvent(message);
      return;
    }
    if (message.type === "error") this.#complained(message);
  }

  sound(sound: DoorSound, data?: string): void {
    const stream = this.#streams.get(sound.streamId);
    if (stream) {
      stream.end.sound(sound, data);
      return;
    }
    const endedUs = this.#ended.get(sound.streamId);
    if (endedUs === undefined) {
      this.#remember(sound.streamId); // told once, then passed over: a microphone sends fifty of them in a second
      throw noStream(sound.streamId);
    }
    this.counters.lateFrames++;
    const nowUs = this.#options.clock.nowUs();
    if (nowUs - endedUs < remindMs * 1000) return;
    this.#ended.set(sound.streamId, nowUs);
    this.order({ command: "stop_audio", payload: { stream_id: sound.streamId }, originId: "hub", onAnswer: () => {} });
  }

  left(): void {
    this.#left = true;
    for (const id of [...this.#orders.keys()]) this.#settle(id, failure("intercom_disconnected"));
    for (const [id, { end, format }] of [...this.#streams]) {
      this.#streams.delete(id);
      end.over("gone", format);
    }
    this.#options.onLeft(this);
  }

  #answered({ command_id: id, status, payload }: ToHub<"response">): void {
    if (this.#orders.has(id)) {
      this.#settle(id, { status, payload });
      return;
    }
    this.counters.lateAnswers++;
    if (this.#past.includes(id)) return;
    throw new WireError("command_id: nobody asked", { code: "unknown_command_id" });
  }

  #settle(id: string, answer: Answer): void {
    const waiting = this.#orders.get(id);
    if (!waiting) return;
    this.#orders.delete(id);
    waiting.timer[Symbol.dispose]();
    this.#past.push(id);
    if (this.#past.length > maxEnded) this.#past.shift();
    waiting.order.onAnswer(answer);
  }

  #complained({ reason, details }: ToHub<"error">): void {
    const id = details?.["stream_id"];
    this.device.log.info({ reason }, "a door station reports an error");
    const stream = typeof id === "string" ? this.#streams.get(id) : undefined;
    if (typeof id !== "string" || !stream || reason !== "audio_stream_failed") return;
    this.closeStream(id);
    stream.end.over("failed", stream.format);
  }

  #remember(streamId: string): void {
    this.#ended.set(streamId, this.#options.clock.nowUs());
    const [oldest] = this.#ended.keys();
    if (this.#ended.size > maxEnded && oldest !== undefined) this.#ended.delete(oldest);
  }
}

function noStream(streamId: string): WireError {
  return new WireError("stream_id: there is no such stream", {
    code: "unknown_stream_id",
    fields: { stream_id: streamId },
  });
}

/** An answer that the hub gives for the station. */
export function failure(reason: string): Answer {
  return { status: "error", payload: { reason } };
}

/**
 * The sound that a station says it has, from its answer to `start_audio`. Throws WireError whose code is the reason to be
 * told to both sides.
 */
export function startedFrom(
  payload: Answer["payload"],
  asked: string | undefined,
): Started & { readonly stream_id: string } {
  if ("direction" in payload)
    throw new WireError("direction: sound goes both ways", { code: "audio_direction_unsupported" });
  const started = checked(startedSchema, payload);
  checkSoundFormat({ sampleRateHz: started.sample_rate, channels: started.channels });
  const streamId = started.stream_id ?? asked;
  if (streamId === undefined) throw new WireError("stream_id: is missing", { code: "missing_stream_id" });
  return { ...started, stream_id: streamId };
}
