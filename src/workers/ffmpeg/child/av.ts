import type { AVSampleFormat } from "node-av/constants";
import { AV_CHANNEL_LAYOUT_MONO, AV_CHANNEL_LAYOUT_STEREO, AV_LOG_QUIET, AV_SAMPLE_FMT_S16 } from "node-av/constants";
import { avChannelLayoutDefault, type ChannelLayout, FFmpegError, Frame, Log } from "node-av/lib";
import { FatalError, RecoverableError } from "../../../util/errors.ts";

/** FFmpeg speaks through return values here; its own lines would flood standard error on a damaged stream. */
export function quietFfmpeg(): void {
  Log.setLevel(AV_LOG_QUIET);
}

/** Throws when an FFmpeg call failed. `what` reads like "opening the decoder". */
export function check(result: number, what: string): number {
  if (result < 0) throw new RecoverableError(`${what}: ${FFmpegError.strerror(result)}`, { code: "ffmpeg" });
  return result;
}

/** `value`, or a FatalError that FFmpeg was built without it. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new FatalError(`FFmpeg has no ${what}`, { code: "no-codec" });
  return value;
}

/** FFmpeg's layout of one, two or more channels. */
export function layoutOf(channels: number): ChannelLayout {
  if (channels === 1) return AV_CHANNEL_LAYOUT_MONO;
  if (channels === 2) return AV_CHANNEL_LAYOUT_STEREO;
  return avChannelLayoutDefault(channels);
}

/** A frame of interleaved 16-bit samples, copied from `samples`; its owner frees it. */
export function samplesFrame(
  samples: Buffer,
  shape: { readonly sampleRateHz: number; readonly channels: number; readonly pts?: number },
): Frame {
  return Frame.fromAudioBuffer(samples, {
    nbSamples: samples.length / 2 / shape.channels,
    format: AV_SAMPLE_FMT_S16,
    sampleRate: shape.sampleRateHz,
    channelLayout: layoutOf(shape.channels),
    pts: BigInt(shape.pts ?? 0),
  });
}

/** An empty frame. */
export function emptyFrame(): Frame {
  const frame = new Frame();
  frame.alloc();
  return frame;
}

/** `bytes` as a Buffer over the same memory. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export type { AVSampleFormat, ChannelLayout, Frame };
