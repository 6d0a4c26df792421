import { g711Silence } from "../../codecs/g711/index.ts";
import type { AudioFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { audioDurationUs } from "./unit-frames.ts";

/** Options of {@link inPackets}. */
export interface PacketOptions {
  readonly format: AudioFormat;
  readonly packetMs: number;
}

/**
 * Sound in packets of one length: samples are cut and joined, the last packet is filled up with silence, since some devices
 * play a shorter one as noise. Opus and AAC packets pass as they are.
 */
export async function* inPackets(
  frames: AsyncIterable<Frame>,
  { format, packetMs }: PacketOptions,
): AsyncGenerator<Frame, void, void> {
  const bytes = packetBytes(format, packetMs);
  if (bytes === undefined) {
    yield* frames;
    return;
  }
  let rest = new Uint8Array(0);
  let timestampUs = 0;
  for await (const frame of frames) {
    timestampUs = frame.timestampUs;
    const all = rest.length === 0 ? frame.data : Buffer.concat([rest, frame.data]);
    let at = 0;
    for (; at + bytes <= all.length; at += bytes)
      yield packet(format, { data: all.subarray(at, at + bytes), timestampUs });
    rest = all.slice(at);
  }
  if (rest.length > 0) yield packet(format, { data: filled(rest, { bytes, format }), timestampUs });
}

function packet(format: AudioFormat, sound: { readonly data: Uint8Array; readonly timestampUs: number }): Frame {
  return { ...sound, key: true, durationUs: audioDurationUs(format, sound.data) };
}

/** G.722 has no byte that means silence whatever came before, so its last packet stays short. */
function filled(rest: Uint8Array, to: { readonly bytes: number; readonly format: AudioFormat }): Uint8Array {
  const { codec } = to.format;
  if (codec === "g722" || codec === "g726" || codec === "opus" || codec === "aac") return rest;
  const silence = codec === "pcm_s16le" ? 0 : g711Silence[codec];
  const whole = new Uint8Array(to.bytes).fill(silence);
  whole.set(rest);
  return whole;
}

/** Bytes of one packet, for formats that can be cut at any sample. */
function packetBytes(format: AudioFormat, packetMs: number): number | undefined {
  const { codec, sampleRateHz, channels } = format;
  const samples = Math.max(1, Math.round((sampleRateHz * packetMs) / 1000)) * channels;
  if (codec === "pcm_s16le") return samples * 2;
  if (codec === "pcmu" || codec === "pcma") return samples;
  return codec === "g722" ? Math.max(1, Math.round(samples / 2)) : undefined;
}
