import type { Device, TrackWriter } from "../../device/driver.ts";
import { pcmDurationUs } from "../../media/blocks.ts";
import { type AudioFormat, isCompatible, pcmFormat } from "../../media/format.ts";
import { Timeline } from "../../media/timeline.ts";
import { connect } from "../../protocols/elementary/connect.ts";
import { HookSpeaker } from "./speaker.ts";
import { RecordReader, type SoundRecord } from "./wire.ts";

/** Options of {@link serveSound}. */
export interface SoundOptions {
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly echoCancelling: boolean;
  readonly signal: AbortSignal;
  /** The first record came. */
  readonly onServed: () => void;
}

/**
 * Holds the one connection to the sound port until `signal` aborts: publishes what the microphone hears and offers the
 * speaker. Throws RecoverableError when it is lost or refused, WireError when what comes is no record.
 */
export async function serveSound(device: Device, options: SoundOptions): Promise<void> {
  const { host, port, token, signal, echoCancelling } = options;
  const { clock } = device;
  await using connection = await connect({ host, port, token, media: "sound", clock, signal });
  using speaker = new HookSpeaker(device, { connection, echoCancelling });
  const microphone = new Microphone(device);
  const reader = new RecordReader();
  let served = false;
  for await (const chunk of connection.chunks()) {
    for (const record of reader.push(chunk)) {
      if (record.type === "speaker") speaker.told(record);
      if (record.type === "sound") microphone.hear(record);
      if (!served) options.onServed();
      served = true;
    }
  }
}

/** Sound on its way from records to a track. */
class Microphone {
  #writer: TrackWriter | undefined;
  #format: AudioFormat | undefined;
  #nextUs = 0;
  readonly #timeline: Timeline;
  readonly #device: Device;

  constructor(device: Device) {
    this.#device = device;
    this.#timeline = new Timeline({ clock: device.clock, clockRateHz: 1e6 });
  }

  hear(record: SoundRecord): void {
    const { samples, sampleRateHz, channels } = record;
    if (samples.length === 0) return;
    const format = pcmFormat(sampleRateHz, channels);
    if (!this.#writer || !this.#format || !isCompatible(this.#format, format)) this.#open(format);
    const durationUs = pcmDurationUs(format, samples.length);
    const timestampUs = this.#timeline.map(this.#stamp(record.timestampUs, durationUs));
    this.#writer?.write({ data: samples, timestampUs, key: true, durationUs });
  }

  /** The vendor's timestamp where it advances; else sound follows sound. */
  #stamp(vendorUs: number, durationUs: number): number {
    const us = vendorUs > this.#nextUs - durationUs ? vendorUs : this.#nextUs;
    this.#nextUs = us + durationUs;
    return us;
  }

  #open(format: AudioFormat): void {
    this.#format = format;
    this.#writer = this.#device.publish(format);
    const { sampleRateHz, channels } = format;
    this.#device.log.info({ sampleRateHz, channels }, "sound begins");
  }
}
