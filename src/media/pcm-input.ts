import { decodeG711 } from "../codecs/g711/index.ts";
import { createOpusDecoder } from "../codecs/opus/index.ts";
import { bytesOf, samplesOf } from "../codecs/pcm/index.ts";
import { type AudioFormat, pcmFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import { OpusBlocks } from "./opus-voice.ts";
import { PcmVoiceBlocks } from "./pcm-voice.ts";
import { downmix, Resampler } from "./resample.ts";

/** Sound of one source on its way into samples. Its owner disposes it. */
export interface PcmInput extends Disposable {
  push(frame: Frame): void;
}

/** Whether {@link openPcmInput} takes it: what libopus, two tables and a few multiplications can make samples of. */
export function isPlainSound({ codec }: AudioFormat): boolean {
  return ["opus", "pcm_s16le", "pcmu", "pcma"].includes(codec);
}

/**
 * Makes mono samples at `rateHz` of a source's sound, in this process: blocks of 20 ms that keep the source's times, lost
 * packets of Opus concealed. Throws TypeError for a format that {@link isPlainSound} does not take.
 */
export async function openPcmInput(
  format: AudioFormat,
  options: {
    readonly rateHz: 8000 | 16_000 | 24_000 | 48_000;
    readonly give: (block: Frame) => void;
    readonly onError: (error: unknown) => void;
  },
): Promise<PcmInput> {
  const { rateHz, give, onError } = options;
  if (!isPlainSound(format)) throw new TypeError(`${format.codec} is not decoded here`);
  const output = pcmFormat(rateHz);
  if (format.codec !== "opus") return plain(format, { output, give });
  const decoder = await createOpusDecoder({ sampleRateHz: rateHz, channels: 1 });
  const blocks = new OpusBlocks(decoder, { blockBytes: rateHz / 25 });
  let over = false;
  const push = (frame: Frame) => {
    if (over) return;
    try {
      for (const block of blocks.push(frame)) give(block);
    } catch (error) {
      onError(error);
    }
  };
  const dispose = () => {
    if (!over) decoder[Symbol.dispose]();
    over = true;
  };
  return { push, [Symbol.dispose]: dispose };
}

function plain(
  format: AudioFormat,
  how: { readonly output: AudioFormat; readonly give: (block: Frame) => void },
): PcmInput {
  const { codec, channels, sampleRateHz } = format;
  const { output, give } = how;
  const resampler = new Resampler({ fromHz: sampleRateHz, toHz: output.sampleRateHz });
  const blocks = new PcmVoiceBlocks(output, { give, end: () => {} });
  return {
    push: (frame) => {
      const pcm = codec === "pcmu" || codec === "pcma" ? decodeG711(codec, frame.data) : frame.data;
      const samples = resampler.push(downmix(samplesOf(pcm), channels));
      if (samples.length > 0) blocks.push({ ...frame, data: bytesOf(samples) });
    },
    [Symbol.dispose]: () => {},
  };
}
