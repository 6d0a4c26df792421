import { type AudioFormat, pcmFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { systemClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { createConverter, type FfmpegOptions, type FfmpegWorker } from "./index.ts";

/** A converter for one test. */
export function openConverter(options: Partial<FfmpegOptions> = {}): FfmpegWorker {
  return createConverter({ clock: systemClock, log: silentLog, ...options });
}

/** An audio format in brief. */
export function audio(codec: AudioFormat["codec"], sampleRateHz: number, channels = 1): AudioFormat {
  return { kind: "audio", codec, sampleRateHz, channels };
}

/** `seconds` of mono sound as 20 ms PCM frames from hub time `startUs` on; `at` gives the sample, -1 to 1, of a time. */
export function pcmFrames(
  at: (seconds: number) => number,
  options: { readonly seconds: number; readonly rateHz: number; readonly startUs?: number },
): Frame[] {
  const block = options.rateHz / 50;
  return Array.from({ length: Math.round(options.seconds * 50) }, (_, index) => {
    const data = Buffer.alloc(block * 2);
    for (let i = 0; i < block; i++) {
      const value = Math.round(32_000 * at((index * block + i) / options.rateHz));
      data.writeInt16LE(Math.max(-32_768, Math.min(32_767, value)), i * 2);
    }
    return { data, timestampUs: (options.startUs ?? 0) + index * 20_000, durationUs: 20_000, key: true };
  });
}

/** Everything that comes out, in order. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const usualFrameUs = 20_000;
/** Less than what a conversion holds at most. */
const maxAheadFrames = 32;
const patienceMs = 500;

/** Runs `frames` through one conversion, no faster than it goes. */
export async function convert(
  converter: FfmpegWorker,
  frames: readonly Frame[],
  formats: { readonly input: AudioFormat; readonly output: AudioFormat; readonly gain?: number },
): Promise<{ readonly frames: Frame[]; readonly format: AudioFormat }> {
  await using conversion = await converter.convertAudio(formats.input, formats);
  const out: Frame[] = [];
  let aheadUs = 0;
  let progress = Promise.withResolvers<boolean>();
  const reading = (async () => {
    for await (const frame of conversion.frames) {
      out.push(frame);
      aheadUs -= frame.durationUs ?? usualFrameUs;
      progress.resolve(true);
      progress = Promise.withResolvers();
    }
  })();
  for (const frame of frames) {
    conversion.push(frame);
    const durationUs = frame.durationUs ?? usualFrameUs;
    aheadUs += durationUs;
    // Live sound is dropped where it comes faster than it is converted; what never comes out is not waited for.
    while (aheadUs > maxAheadFrames * durationUs) {
      const late = new AbortController();
      const over = systemClock.sleep(patienceMs, late.signal).then(
        () => false,
        () => false,
      );
      if (!(await Promise.race([progress.promise, over]))) aheadUs = 0;
      late.abort();
    }
  }
  conversion.end();
  await reading;
  return { frames: out, format: conversion.output };
}

/** The same, and back to PCM. */
export async function throughAndBack(
  converter: FfmpegWorker,
  frames: readonly Frame[],
  formats: { readonly through: AudioFormat; readonly rateHz: number },
): Promise<Frame[]> {
  const input = pcmFormat(formats.rateHz);
  const there = await convert(converter, frames, { input, output: formats.through });
  return (await convert(converter, there.frames, { input: there.format, output: input })).frames;
}

/** The samples of PCM frames, one channel. */
export function samplesOf(frames: readonly Frame[]): Int16Array {
  const bytes = Buffer.concat(frames.map((frame) => frame.data));
  return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1).slice();
}

/** Root mean square. */
export function loudness(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += (samples[i] ?? 0) ** 2;
  return Math.sqrt(sum / Math.max(1, samples.length));
}

/** Normalised correlation of two recordings, -1 to 1, at the best shift of at most `maxShift` samples. */
export function correlation(
  a: Int16Array,
  b: Int16Array,
  maxShift = 0,
): { readonly value: number; readonly shift: number } {
  let best = { value: -1, shift: 0 };
  for (let shift = -maxShift; shift <= maxShift; shift++) {
    const from = Math.max(0, -shift);
    const to = Math.min(a.length, b.length - shift);
    let product = 0;
    let powerA = 0;
    let powerB = 0;
    for (let i = from; i < to; i++) {
      const x = a[i] ?? 0;
      const y = b[i + shift] ?? 0;
      product += x * y;
      powerA += x * x;
      powerB += y * y;
    }
    const value = product / Math.sqrt(Math.max(1, powerA * powerB));
    if (value > best.value) best = { value, shift };
  }
  return best;
}

/** Hub time in microseconds of the loudest moment of mono PCM. */
export function peakUs(frames: readonly Frame[], rateHz: number): number {
  let best = { level: -1, us: 0 };
  for (const frame of frames) {
    for (const [index, sample] of samplesOf([frame]).entries()) {
      const level = Math.abs(sample);
      if (level > best.level) best = { level, us: frame.timestampUs + (index * 1e6) / rateHz };
    }
  }
  return best.us;
}
