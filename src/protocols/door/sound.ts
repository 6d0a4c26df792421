import { WireError } from "../../util/errors.ts";
import type { DoorSound } from "./binary.ts";
import { doorLimits } from "./limits.ts";
import type { FromHub, ToHub } from "./messages.ts";

/** The one encoding that is spoken. */
export const doorEncoding = "pcm_s16le";

/** How the sound of a stream is written. */
export interface DoorSoundFormat {
  readonly sampleRateHz: number;
  readonly channels: number;
}

/** The samples of a frame in JSON. Throws WireError as {@link checkSound}, and `invalid_audio_encoding`. */
export function soundOf(frame: ToHub<"audio_frame">): DoorSound {
  if (frame.encoding !== doorEncoding) {
    throw new WireError(`encoding: only ${doorEncoding} is spoken`, { code: "invalid_audio_encoding" });
  }
  const sound = {
    streamId: frame.stream_id,
    sequence: frame.sequence ?? -1,
    sampleRateHz: frame.sample_rate,
    channels: frame.channels,
    toClient: false,
    pcm: Buffer.from(frame.data, "base64"),
  };
  checkSound(sound);
  return sound;
}

/** Checks rate, channels and length. Throws WireError `invalid_sample_rate`, `invalid_channels`, `invalid_audio_data`. */
export function checkSound({ sampleRateHz, channels, pcm }: DoorSound): void {
  checkSoundFormat({ sampleRateHz, channels });
  const { minFrameMs, maxFrameMs } = doorLimits;
  const ms = (pcm.length * 1000) / (2 * channels * sampleRateHz);
  if (pcm.length % (2 * channels) !== 0) {
    throw new WireError("data: no whole samples", { code: "invalid_audio_data" });
  }
  // Half a millisecond for rates at which no whole number of samples is 10 or 400 ms.
  if (ms < minFrameMs.value - 0.5 || ms > maxFrameMs.value + 0.5) {
    throw new WireError(`data: ${Math.round(ms)} ms of sound; ${minFrameMs.value} to ${maxFrameMs.value} are taken`, {
      code: "invalid_audio_data",
    });
  }
}

/** Throws WireError `invalid_sample_rate`, `invalid_channels`. */
export function checkSoundFormat({ sampleRateHz, channels }: DoorSoundFormat): void {
  const { minRateHz, maxRateHz, maxChannels } = doorLimits;
  if (sampleRateHz < minRateHz.value || sampleRateHz > maxRateHz.value) {
    throw new WireError(`sample_rate: ${sampleRateHz} Hz`, { code: "invalid_sample_rate" });
  }
  if (channels < 1 || channels > maxChannels.value) {
    throw new WireError(`channels: ${channels}`, { code: "invalid_channels" });
  }
}

/** Which way a frame goes, and who sent it. */
export interface SoundWay {
  readonly direction: FromHub<"audio_frame">["direction"];
  readonly originId: string;
}

/**
 * A frame's line as the hub passes it on. What was checked as base64 needs no escapes, so that the longest part of it is
 * not looked at again.
 */
export function writeSoundLine(
  sound: Omit<DoorSound, "pcm" | "toClient"> & { readonly data: string; readonly encoding?: string },
  way: SoundWay,
): string {
  const { streamId, sequence, sampleRateHz, channels, data, encoding = doorEncoding } = sound;
  const order = sequence >= 0 ? `"sequence":${sequence},` : "";
  const from = `"direction":"${way.direction}","origin_id":${JSON.stringify(way.originId)}`;
  return `{"type":"audio_frame","stream_id":${JSON.stringify(streamId)},${order}"encoding":${JSON.stringify(encoding)},"sample_rate":${sampleRateHz},"channels":${channels},${from},"data":"${data}"}\n`;
}

/** Puts samples of another rate and one channel into a station's own format: linear, for the first words at a new one. */
export function toStationSound(
  pcm: Uint8Array,
  how: { readonly fromRateHz: number; readonly to: DoorSoundFormat },
): Uint8Array {
  const { fromRateHz, to } = how;
  if (fromRateHz === to.sampleRateHz && to.channels === 1) return pcm;
  const input = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  const samples = pcm.length >> 1;
  const count = Math.max(1, Math.round((samples * to.sampleRateHz) / fromRateHz));
  const output = new DataView(new ArrayBuffer(count * 2 * to.channels));
  for (let at = 0; at < count; at++) {
    const place = Math.min(samples - 1, (at * fromRateHz) / to.sampleRateHz);
    const before = Math.floor(place);
    const after = Math.min(samples - 1, before + 1);
    const first = input.getInt16(2 * before, true);
    const value = Math.round(first + (input.getInt16(2 * after, true) - first) * (place - before));
    for (let channel = 0; channel < to.channels; channel++)
      output.setInt16(2 * (at * to.channels + channel), value, true);
  }
  return new Uint8Array(output.buffer);
}
