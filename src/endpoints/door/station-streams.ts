import { randomUUID } from "node:crypto";
import type { DoorSound } from "../../protocols/door/binary.ts";
import type { FromHub } from "../../protocols/door/messages.ts";
import { doorEncoding } from "../../protocols/door/sound.ts";
import type { Clock } from "../../util/clock.ts";
import { messageOf } from "../../util/errors.ts";
import type { Loudspeaker, Microphone } from "../machine/ports.ts";
import { DoorCommandError } from "./command-error.ts";
import type { DoorConnection } from "./connection.ts";
import { DoorDesk } from "./desk.ts";
import { type DoorSoundForm, DoorStream, type DoorStreamEvent } from "./stream.ts";

type Payload = Readonly<Record<string, unknown>>;

/** Options of {@link StationStreams}. */
export interface StationStreamsOptions {
  readonly sound:
    | { readonly microphone: Microphone; readonly loudspeaker: Loudspeaker; readonly form: DoorSoundForm }
    | undefined;
  readonly onStream: ((event: DoorStreamEvent) => void) | undefined;
  readonly clock: Clock;
}

interface RunningStream {
  readonly stream: DoorStream;
  readonly origin: string;
  readonly joined: Disposable;
}

const mostStreams = 16;

/** Who listens to a station and speaks through it: one stream each. */
export class StationStreams {
  readonly #options: StationStreamsOptions;
  readonly #desk: DoorDesk | undefined;
  readonly #running = new Map<string, RunningStream>();
  #connection: DoorConnection | undefined;

  constructor(options: StationStreamsOptions) {
    const { sound, clock } = options;
    this.#options = options;
    this.#desk = sound && new DoorDesk({ ...sound, clock });
  }

  get size(): number {
    return this.#running.size;
  }

  /** From now on sound goes by this connection. */
  connected(connection: DoorConnection): void {
    this.#connection = connection;
  }

  /** `start_audio`: gives the payload of the answer. Throws {@link DoorCommandError}. */
  start(payload: Payload, origin: string): Payload {
    const { sound, onStream } = this.#options;
    const connection = this.#connection;
    const asked = payload["stream_id"];
    const streamId = typeof asked === "string" && asked !== "" ? asked : randomUUID();
    if (this.#running.has(streamId)) throw new DoorCommandError("stream_exists");
    if (!sound || !this.#desk)
      throw new DoorCommandError("audio_init_failed", { details: "this station has no sound" });
    if (this.#running.size >= mostStreams) {
      throw new DoorCommandError("audio_init_failed", { details: `${mostStreams} streams run already` });
    }
    if (!connection) throw new DoorCommandError("connection_lost");
    refuseOthers(payload, sound.form);
    const { maxPcmBytes } = connection;
    const send = (spoken: DoorSound) => connection.sendSound(spoken);
    const stream = new DoorStream({ streamId, form: sound.form, toClient: true, maxPcmBytes, send });
    this.#running.set(streamId, { stream, origin, joined: this.#joined(stream) });
    onStream?.({ type: "began", streamId, origin, counters: stream.counters });
    const { sampleRateHz, channels } = sound.form;
    return { stream_id: streamId, encoding: doorEncoding, sample_rate: sampleRateHz, channels };
  }

  /** `stop_audio`. Throws {@link DoorCommandError}. */
  stop(payload: Payload): Payload {
    const streamId = payload["stream_id"];
    if (typeof streamId !== "string" || streamId === "") throw new DoorCommandError("invalid_stream_id");
    if (!this.#running.has(streamId)) throw new DoorCommandError("unknown_stream_id");
    this.#end(streamId);
    return { stream_id: streamId };
  }

  /** Sound came. */
  take(sound: DoorSound): void {
    this.#running.get(sound.streamId)?.stream.take(sound);
  }

  /** The host told an error: one that names a stream ends it. */
  failed({ details }: FromHub<"error">): void {
    const streamId = details?.["stream_id"];
    if (typeof streamId === "string") this.#end(streamId);
  }

  /** The connection is gone, and all streams with it. */
  endAll(): void {
    this.#connection = undefined;
    for (const streamId of [...this.#running.keys()]) this.#end(streamId);
  }

  #joined(stream: DoorStream): Disposable {
    try {
      return this.#desk?.join(stream) ?? { [Symbol.dispose]: () => {} };
    } catch (error) {
      throw new DoorCommandError("audio_init_failed", { details: messageOf(error) });
    }
  }

  #end(streamId: string): void {
    const running = this.#running.get(streamId);
    if (!running) return;
    this.#running.delete(streamId);
    running.joined[Symbol.dispose]();
    this.#connection?.forgetSound(streamId);
    const { origin, stream } = running;
    this.#options.onStream?.({ type: "ended", streamId, origin, counters: stream.counters });
  }
}

/** A station has one form of sound, and says no to any other. */
function refuseOthers(payload: Payload, form: DoorSoundForm): void {
  const { encoding, sample_rate: sampleRateHz, channels } = payload;
  if ((encoding ?? doorEncoding) !== doorEncoding) throw new DoorCommandError("unsupported_encoding");
  if ((sampleRateHz ?? form.sampleRateHz) !== form.sampleRateHz) throw new DoorCommandError("unsupported_sample_rate");
  if ((channels ?? form.channels) !== form.channels) throw new DoorCommandError("unsupported_channels");
}
