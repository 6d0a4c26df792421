import { encodeG711 } from "../codecs/g711/index.ts";
import type { OpusRate } from "../codecs/opus/encoder.ts";
import { createOpusDecoder, type OpusDecoder, opusPacketDurationUs } from "../codecs/opus/index.ts";
import { applyGain, isSilent, samplesOf } from "../codecs/pcm/index.ts";
import { WireError } from "../util/errors.ts";
import { AsyncQueue } from "../util/queue.ts";
import type { AudioConversion } from "./convert.ts";
import type { AudioFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import { Reblocker } from "./reblock.ts";
import { SilentPackets } from "./silent-packets.ts";

/** What is not read is dropped after this many blocks: 3 s. */
const maxBlocks = 150;
const blockUs = 20_000;
/** Longer gaps are pauses of the talker, or worse: nothing is invented for them. */
const maxConcealedUs = 100_000;
const rates: readonly number[] = [8000, 12_000, 16_000, 24_000, 48_000] satisfies readonly OpusRate[];

/**
 * A talker's Opus as mono samples or G.711, in this process and at once: libopus itself decodes to the rates that speakers
 * take, so that a press needs no FFmpeg and no process to be started. Blocks of 20 ms; lost packets are concealed, out of
 * the next one's coarse copy where it has one (RFC 6716, 2.1.7); damaged ones are left out. Undefined for formats that
 * need more than that. The caller disposes it.
 */
export async function openOpusVoice(
  input: AudioFormat,
  options: { readonly output: AudioFormat; readonly gain?: number },
): Promise<AudioConversion | undefined> {
  const { output, gain = 1 } = options;
  const encode = encoderOf(output);
  if (input.codec !== "opus" || output.channels !== 1 || !encode) return undefined;
  const decoder = await createOpusDecoder({ sampleRateHz: output.sampleRateHz as OpusRate, channels: 1 });
  let voice: OpusBlocks | undefined = new OpusBlocks(decoder, { blockBytes: output.sampleRateHz / 25 });
  let droppedFrames = 0;
  const frames = new AsyncQueue<Frame>({
    max: maxBlocks,
    onDrop: () => {
      droppedFrames++;
    },
  });
  const give = (blocks: readonly Frame[]) => {
    for (const block of blocks) frames.push({ ...block, data: encode(applyGain(block.data, gain)) });
  };
  const end = () => {
    if (!voice) return;
    give(voice.flush());
    voice = undefined;
    decoder[Symbol.dispose]();
    frames.end();
  };
  return {
    output,
    frames,
    push: (frame) => give(voice?.push(frame) ?? []),
    end,
    get droppedFrames() {
      return droppedFrames;
    },
    [Symbol.asyncDispose]: async () => {
      end();
      frames.cancel();
    },
  };
}

function encoderOf({ codec, sampleRateHz }: AudioFormat): ((pcm: Uint8Array) => Uint8Array) | undefined {
  if (codec === "pcm_s16le" && rates.includes(sampleRateHz)) return (pcm) => pcm;
  if ((codec === "pcmu" || codec === "pcma") && sampleRateHz === 8000) return (pcm) => encodeG711(codec, pcm);
  return undefined;
}

/**
 * One talker's packets, decoded and cut into blocks of 20 ms that keep the packets' times. A microphone that is switched off
 * sends the same few bytes again and again: once they were silence they are not decoded again.
 */
export class OpusBlocks {
  #previousEndUs: number | undefined;
  #nextUs = 0;
  #rest = 0;
  readonly #silent = new SilentPackets();
  readonly #decoder: OpusDecoder;
  readonly #blockBytes: number;
  readonly #reblocker: Reblocker;

  /** The decoder stays its owner's. */
  constructor(decoder: OpusDecoder, options: { readonly blockBytes: number }) {
    this.#decoder = decoder;
    this.#blockBytes = options.blockBytes;
    this.#reblocker = new Reblocker(options.blockBytes);
  }

  /** Gives the blocks that are whole now; none for a damaged packet. */
  push(frame: Frame): Frame[] {
    try {
      opusPacketDurationUs(frame.data);
      const lost = this.#conceal(frame);
      const sound = this.#decoded(frame.data);
      const durationUs = (sound.length / this.#blockBytes) * blockUs;
      this.#previousEndUs = frame.timestampUs + durationUs;
      return [...lost, ...this.#blocks(sound, frame.timestampUs)];
    } catch (error) {
      if (error instanceof WireError) return [];
      throw error;
    }
  }

  /** What is left. */
  flush(): Frame[] {
    const last = this.#reblocker.flush();
    return last ? [this.#block(last)] : [];
  }

  #decoded(packet: Uint8Array): Uint8Array {
    const silence = this.#silent.soundOf(packet);
    if (silence) return silence;
    const sound = this.#decoder.decode(packet);
    if (isSilent(samplesOf(sound))) this.#silent.wasSilent(packet, sound);
    else this.#silent.wasHeard();
    return sound;
  }

  #conceal(frame: Frame): Frame[] {
    if (this.#previousEndUs === undefined) return [];
    const fromUs = this.#previousEndUs;
    const lost = Math.round((frame.timestampUs - fromUs) / blockUs);
    if (lost < 1 || lost * blockUs > maxConcealedUs) return [];
    const blocks: Frame[] = [];
    for (let n = 0; n < lost; n++) {
      const next = n === lost - 1 ? frame.data : undefined;
      blocks.push(...this.#blocks(this.#decoder.conceal(blockUs, next), fromUs + n * blockUs));
    }
    return blocks;
  }

  #blocks(sound: Uint8Array, timestampUs: number): Frame[] {
    if (this.#rest === 0) this.#nextUs = timestampUs;
    this.#rest = (this.#rest + sound.length) % this.#blockBytes;
    return this.#reblocker.push(sound).map((data) => this.#block(data));
  }

  #block(data: Uint8Array): Frame {
    const timestampUs = this.#nextUs;
    this.#nextUs += blockUs;
    return { data, timestampUs, durationUs: blockUs, key: true };
  }
}
