import { randomBytes } from "node:crypto";
import type { Speaker } from "../../device/driver.ts";
import { isQuietPcm, pcmBlocks } from "../../media/blocks.ts";
import { type AudioFormat, pcmFormat } from "../../media/format.ts";
import { createPacer, pace } from "../../media/pace.ts";
import type { Speech } from "../../media/speech.ts";
import type { Started } from "../../protocols/door/messages.ts";
import { type DoorSoundFormat, toStationSound } from "../../protocols/door/sound.ts";
import type { Clock } from "../../util/clock.ts";
import { RecoverableError, WireError } from "../../util/errors.ts";
import { until } from "../../util/until.ts";
import { Microphone } from "./microphone.ts";
import { type Answer, type DoorStation, startedFrom } from "./station.ts";

/** Options of {@link StationSound}. */
export interface StationSoundOptions {
  readonly station: DoorStation;
  readonly clock: Clock;
  /** The sound that the station said it has, when it registered. */
  readonly announced: DoorSoundFormat | undefined;
}

interface Open {
  readonly streamId: string;
  readonly format: DoorSoundFormat;
  readonly microphone: Microphone;
}

/** What the original's station has unless it is told otherwise. */
const usual: DoorSoundFormat = { sampleRateHz: 16_000, channels: 1 };
/** Of our sound in one frame: older programs open the loudspeaker anew for each. */
const frameMs = 40;
/** A talk path that nobody needs any more is closed after this time, in case the next word follows. */
const lingerMs = 300;
const memoryKey = "sound";
/** What a station keeps of sound before it is heard, about. */
const heldMs = 100;

/**
 * The hub's own stream of a station: its loudspeaker for whoever holds the floor, its microphone as the device's track. The
 * station's talk path is open only while somebody speaks through it or has asked to hear it, and closed within a second.
 */
export class StationSound {
  readonly speaker: Speaker;
  #format: DoorSoundFormat;
  #users = 0;
  #open: Open | undefined;
  #opening: Promise<Open> | undefined;
  #linger: Disposable | undefined;
  #sequence = 0;
  #over = new AbortController();
  readonly #options: StationSoundOptions;

  constructor(options: StationSoundOptions) {
    this.#options = options;
    const { device } = options.station;
    this.#format = options.announced ?? learnt(device.memory.get(memoryKey)) ?? usual;
    // There before anybody speaks, so that whoever is to hear it can be ready.
    device.publish(pcmFormat(this.#format.sampleRateHz, this.#format.channels), { sparse: true });
    this.speaker = {
      formats: [this.#speakerFormat()],
      echoCancelling: false,
      play: (speech) => this.#play(speech),
    };
  }

  /** Keeps the talk path open until the handle is disposed. Throws RecoverableError when the station does not open it. */
  async hold(signal?: AbortSignal): Promise<Disposable> {
    this.#users++;
    this.#linger?.[Symbol.dispose]();
    this.#linger = undefined;
    let held = true;
    const letGo = () => {
      if (!held) return;
      held = false;
      if (--this.#users === 0) this.#closeSoon();
    };
    try {
      await until(this.#ensure(), { signal });
    } catch (error) {
      letGo();
      throw error;
    }
    return { [Symbol.dispose]: letGo };
  }

  /** The station is gone. */
  end(): void {
    this.#linger?.[Symbol.dispose]();
    this.#open?.microphone[Symbol.dispose]();
    this.#open = undefined;
    this.#over.abort(new RecoverableError("the door station went away", { code: "lost" }));
  }

  #speakerFormat(): AudioFormat {
    return pcmFormat(this.#format.sampleRateHz);
  }

  async #ensure(): Promise<Open> {
    if (this.#open) return this.#open;
    this.#opening ??= this.#start().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #start(): Promise<Open> {
    const { station } = this.#options;
    const streamId = `hub-${randomBytes(6).toString("hex")}`;
    const answer = await this.#ask("start_audio", streamId);
    if (answer.status !== "ok") {
      const reason = String(answer.payload["reason"] ?? "no reason");
      throw new RecoverableError(`its sound was not opened: ${reason}`, { code: "no-sound" });
    }
    const started = this.#accepted(answer, streamId);
    const format = { sampleRateHz: started.sample_rate, channels: started.channels };
    this.#learn(format);
    const microphone = new Microphone({ device: station.device, format });
    const open: Open = { streamId: started.stream_id, format, microphone };
    station.openStream(started, {
      sound: (sound) => microphone.write(sound),
      over: () => this.#lost(open),
    });
    this.#open = open;
    this.#sequence = 0;
    if (this.#users === 0) this.#closeSoon();
    return open;
  }

  #accepted(answer: Answer, streamId: string): Started & { readonly stream_id: string } {
    try {
      return startedFrom(answer.payload, streamId);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#options.station.connection.tell(error.code, { message: error.message });
      throw new RecoverableError(`its sound was not opened: ${error.message}`, { code: "no-sound", cause: error });
    }
  }

  #ask(command: "start_audio" | "stop_audio", streamId: string): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#options.station.order({ command, payload: { stream_id: streamId }, originId: "hub", onAnswer: resolve });
    return promise;
  }

  /** What the station has is offered from the next turn on, so that nothing has to be put into another rate. */
  #learn(format: DoorSoundFormat): void {
    const { device } = this.#options.station;
    if (format.sampleRateHz === this.#format.sampleRateHz && format.channels === this.#format.channels) return;
    this.#format = format;
    device.memory.set(memoryKey, format);
    device.offerSpeaker({ ...this.speaker, formats: [this.#speakerFormat()] });
  }

  #lost(open: Open): void {
    open.microphone[Symbol.dispose]();
    if (this.#open === open) this.#open = undefined;
  }

  #closeSoon(): void {
    this.#linger?.[Symbol.dispose]();
    this.#linger = this.#options.clock.timer(lingerMs, () => this.#close());
  }

  #close(): void {
    const open = this.#open;
    if (!open || this.#users > 0) return;
    this.#lost(open);
    this.#options.station.closeStream(open.streamId);
    this.#options.station.order({
      command: "stop_audio",
      payload: { stream_id: open.streamId },
      originId: "hub",
      onAnswer: () => {},
    });
  }

  async #play(speech: Speech): Promise<void> {
    const { clock } = this.#options;
    const signal = AbortSignal.any([speech.signal, this.#over.signal]);
    using _held = await this.hold(signal);
    const { format, live } = speech;
    const bytes = (samples: number) => Math.max(2, 2 * Math.round(samples));
    const blockBytes = bytes((format.sampleRateHz * frameMs) / 1000);
    const report = await pace(pcmBlocks(speech.frames, { format, blockBytes }), {
      clock,
      pacer: createPacer({ live, recording: { burstMs: 200, speed: 1, maxLeadMs: 240 } }),
      sink: {
        write: (block) => {
          this.#send(block, format.sampleRateHz);
          return undefined;
        },
      },
      isQuiet: isQuietPcm,
      silence: { data: new Uint8Array(blockBytes), timestampUs: 0, key: true, durationUs: frameMs * 1000 },
      signal,
    });
    await clock.sleep(Math.max(0, report.leadMs) + heldMs, signal);
  }

  #send(block: Uint8Array, fromRateHz: number): void {
    const open = this.#open;
    if (!open) throw new RecoverableError("the door station ended its sound", { code: "lost" });
    const { streamId, format } = open;
    const pcm = toStationSound(block, { fromRateHz, to: format });
    this.#options.station.play({ streamId, sequence: this.#sequence++, ...format, pcm }, "hub");
  }
}

function learnt(kept: unknown): DoorSoundFormat | undefined {
  const { sampleRateHz, channels } = (kept ?? {}) as Partial<DoorSoundFormat>;
  if (!Number.isInteger(sampleRateHz) || !Number.isInteger(channels)) return undefined;
  return { sampleRateHz: Number(sampleRateHz), channels: Number(channels) };
}
