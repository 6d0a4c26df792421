import { wavHead } from "../../codecs/wav/index.ts";
import type { AudioFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { Log } from "../../util/log.ts";
import { bell } from "./demo-bell.ts";
import { openDecodedFile } from "./file.ts";
import type { FfmpegLink } from "./link.ts";

/** A sound that fakes serve. */
export interface ToneOptions {
  /** The bell's pitch in Hz. */
  readonly pitchHz: number;
  readonly seconds: number;
  /** Any format that the hub carries. */
  readonly output: AudioFormat;
}

const rateHz = 48_000;

/** A bell every second, in packets of 20 ms (AAC: 1024 samples), timestamps from 0. */
export async function generateTone(link: FfmpegLink, options: ToneOptions & { readonly log: Log }): Promise<Frame[]> {
  await using sound = await openDecodedFile(link, { bytes: wav(options) }, options);
  const frames: Frame[] = [];
  for await (const frame of sound.frames) frames.push(frame);
  return frames;
}

async function* wav({ pitchHz, seconds }: ToneOptions): AsyncGenerator<Uint8Array, void, void> {
  const samples = Math.round(seconds * rateHz);
  yield wavHead(samples * 2, { sampleRateHz: rateHz });
  for (let at = 0; at < samples; at += rateHz) {
    const block = Buffer.alloc(Math.min(rateHz, samples - at) * 2);
    for (let i = 0; i < block.length / 2; i++) block.writeInt16LE(bell((at + i) / rateHz, pitchHz), i * 2);
    yield block;
  }
}
