import { createOpusEncoder, type OpusRate } from "../codecs/opus/encoder.ts";
import { applyGain, pcmBytes } from "../codecs/pcm/index.ts";
import { AsyncQueue } from "../util/queue.ts";
import type { AudioConversion } from "./convert.ts";
import { type AudioFormat, opusFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import { openOpusVoice } from "./opus-voice.ts";
import { Reblocker } from "./reblock.ts";

/** What is not read is dropped after this many blocks: 3 s. */
const maxBlocks = 150;
const blockUs = 20_000;
/** A gap from here on is silence of its length, so that what follows keeps its time... */
const gapUs = 20_000;
/** ... up to here; behind a longer one the time goes on where the talker does. */
const jumpUs = 1_000_000;
const rates: readonly number[] = [8000, 12_000, 16_000, 24_000, 48_000] satisfies readonly OpusRate[];

/**
 * A talker's samples (mono, at a rate that Opus takes) louder or softer, as Opus, or as whatever {@link openOpusVoice} makes
 * of that, in this process and at once: libopus encodes and resamples, so that a press needs no FFmpeg and no process to be
 * started. Blocks of 20 ms. Undefined for formats that need more than that. The caller disposes it.
 */
export async function openPcmVoice(
  input: AudioFormat,
  options: { readonly output: AudioFormat; readonly gain?: number },
): Promise<AudioConversion | undefined> {
  const { output, gain = 1 } = options;
  if (input.codec !== "pcm_s16le" || input.channels !== 1 || !rates.includes(input.sampleRateHz)) return undefined;
  const loud = (pcm: Uint8Array) => applyGain(pcm, gain);
  if (output.codec === "pcm_s16le" && output.sampleRateHz === input.sampleRateHz && output.channels === 1) {
    return queued(input, { output, make: loud, end: () => {}, delayUs: 0 });
  }
  const behind = output.codec === "opus" ? undefined : await openOpusVoice(opusFormat, { output });
  if (output.codec !== "opus" && !behind) return undefined;
  const encoder = await createOpusEncoder({ sampleRateHz: input.sampleRateHz as OpusRate, channels: 1 });
  const make = (pcm: Uint8Array) => encoder.encode(loud(pcm)).slice();
  // What a packet sounds like began so long before the samples that it was made of.
  const delayUs = Math.round((encoder.lookaheadSamples * 1e6) / input.sampleRateHz);
  const end = () => encoder[Symbol.dispose]();
  return behind ? chained(input, { make, end, delayUs, behind }) : queued(input, { output, make, end, delayUs });
}

/** What is made of blocks of 20 ms. */
interface Making {
  readonly make: (pcm: Uint8Array) => Uint8Array;
  readonly end: () => void;
  /** How much later than its samples it sounds. */
  readonly delayUs: number;
}

function queued(
  input: AudioFormat,
  { output, make, end, delayUs }: Making & { readonly output: AudioFormat },
): AudioConversion {
  let droppedFrames = 0;
  const frames = new AsyncQueue<Frame>({
    max: maxBlocks,
    onDrop: () => {
      droppedFrames++;
    },
  });
  const blocks = new PcmVoiceBlocks(input, {
    give: (frame) => frames.push({ ...frame, timestampUs: frame.timestampUs - delayUs, data: make(frame.data) }),
    end: () => {
      end();
      frames.end();
    },
  });
  return {
    output,
    frames,
    push: (frame) => blocks.push(frame),
    end: () => blocks.end(),
    get droppedFrames() {
      return droppedFrames;
    },
    [Symbol.asyncDispose]: async () => {
      blocks.end();
      frames.cancel();
    },
  };
}

/** What is made goes through another conversion. */
function chained(
  input: AudioFormat,
  { make, end, delayUs, behind }: Making & { readonly behind: AudioConversion },
): AudioConversion {
  const blocks = new PcmVoiceBlocks(input, {
    give: (frame) => behind.push({ ...frame, timestampUs: frame.timestampUs - delayUs, data: make(frame.data) }),
    end: () => {
      end();
      behind.end();
    },
  });
  return {
    output: behind.output,
    frames: behind.frames,
    push: (frame) => blocks.push(frame),
    end: () => blocks.end(),
    get droppedFrames() {
      return behind.droppedFrames ?? 0;
    },
    [Symbol.asyncDispose]: async () => {
      blocks.end();
      await behind[Symbol.asyncDispose]();
    },
  };
}

/** Samples in pieces of any length, as blocks of 20 ms that keep the pieces' times. */
export class PcmVoiceBlocks {
  readonly #format: AudioFormat;
  readonly #blockBytes: number;
  readonly #blocks: Reblocker;
  readonly #how: { readonly give: (frame: Frame) => void; readonly end: () => void };
  #rest = 0;
  #nextUs = 0;
  #ended = false;
  /** Where the sound so far ends; undefined before the first. */
  #endUs: number | undefined;

  constructor(format: AudioFormat, how: { readonly give: (frame: Frame) => void; readonly end: () => void }) {
    this.#format = format;
    this.#blockBytes = pcmBytes(blockUs, format);
    this.#blocks = new Reblocker(this.#blockBytes);
    this.#how = how;
  }

  push({ data, timestampUs }: Frame): void {
    if (this.#ended) return;
    const missingUs = timestampUs - (this.#endUs ?? timestampUs);
    if (missingUs >= gapUs && missingUs < jumpUs) {
      this.#add(new Uint8Array(pcmBytes(missingUs, this.#format)), timestampUs - missingUs);
    }
    this.#add(data, timestampUs);
    this.#endUs = timestampUs + (data.length * 500_000) / this.#format.sampleRateHz;
  }

  #add(data: Uint8Array, timestampUs: number): void {
    if (this.#rest === 0) this.#nextUs = timestampUs;
    this.#rest = (this.#rest + data.length) % this.#blockBytes;
    for (const block of this.#blocks.push(data)) this.#give(block);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const rest = this.#blocks.flush();
    if (rest) this.#give(rest);
    this.#how.end();
  }

  #give(data: Uint8Array): void {
    this.#how.give({ data, timestampUs: this.#nextUs, durationUs: blockUs, key: true });
    this.#nextUs += blockUs;
  }
}
