import { Codec, CodecContext, type Frame, Packet } from "node-av/lib";
import { createOpusDecoder } from "../../../codecs/opus/index.ts";
import type { AudioFormat } from "../../../media/format.ts";
import { WireError } from "../../../util/errors.ts";
import { bufferOf, check, emptyFrame, layoutOf, present, samplesFrame } from "./av.ts";

/** Takes a decoded frame; it is the decoder's again when the call returns. */
export type SampleSink = (frame: Frame) => void;

/** Packets of one audio format in, samples out. */
export interface AudioDecoder extends Disposable {
  /** Decodes one packet. What is damaged gives no samples. Returns false when it gave none. */
  decode(packet: Uint8Array, sink: SampleSink): boolean;
  /** Bridges `durationUs` of lost sound just before `next`. Returns false when the codec cannot. */
  conceal(durationUs: number, next: Uint8Array, sink: SampleSink): boolean;
  /** Gives what is still inside. */
  flush(sink: SampleSink): void;
}

/** A decoder of `format`. */
export async function createAudioDecoder(format: AudioFormat): Promise<AudioDecoder> {
  if (format.codec === "opus") return await opusDecoder(format);
  if (format.codec === "pcm_s16le") return pcmDecoder(format);
  return ffmpegDecoder(format);
}

/** Opus by libopus itself: FFmpeg's wrapper has neither concealment nor in-band FEC (RFC 6716, 4.4 and 2.1.7). */
async function opusDecoder(format: AudioFormat): Promise<AudioDecoder> {
  const channels = format.channels === 1 ? 1 : 2;
  const decoder = await createOpusDecoder({ sampleRateHz: 48_000, channels });
  const emit = (make: () => Uint8Array, sink: SampleSink): boolean => {
    try {
      const samples = make();
      if (samples.length === 0) return false;
      using frame = samplesFrame(bufferOf(samples), { sampleRateHz: 48_000, channels });
      sink(frame);
      return true;
    } catch (error) {
      if (error instanceof WireError) return false; // damaged: its time is bridged when the next one comes
      throw error;
    }
  };
  return {
    decode: (packet, sink) => emit(() => decoder.decode(packet), sink),
    conceal: (durationUs, next, sink) => {
      const lost = Math.round(durationUs / opusStepUs);
      for (let left = lost; left > 1; left--) emit(() => decoder.conceal(opusStepUs), sink);
      return lost > 0 && emit(() => decoder.conceal(opusStepUs, next.length > 0 ? next : undefined), sink);
    },
    flush: () => {},
    [Symbol.dispose]: () => decoder[Symbol.dispose](),
  };
}

const opusStepUs = 20_000;

function pcmDecoder(format: AudioFormat): AudioDecoder {
  const unit = 2 * format.channels;
  return {
    decode: (packet, sink) => {
      const whole = packet.subarray(0, packet.length - (packet.length % unit));
      if (whole.length === 0) return false;
      using frame = samplesFrame(bufferOf(whole), format);
      sink(frame);
      return true;
    },
    conceal: () => false,
    flush: () => {},
    [Symbol.dispose]: () => {},
  };
}

const ffmpegNames = { pcmu: "pcm_mulaw", pcma: "pcm_alaw", g722: "g722", g726: "g726le", aac: "aac" } as const;

function ffmpegDecoder(format: AudioFormat): AudioDecoder {
  const name = ffmpegNames[format.codec as keyof typeof ffmpegNames];
  const codec = present(Codec.findDecoderByName(name as never), `decoder for ${format.codec}`);
  const context = new CodecContext();
  context.allocContext3(codec);
  context.sampleRate = format.sampleRateHz;
  context.channelLayout = layoutOf(format.channels);
  if (format.bitsPerSample) context.bitsPerCodedSample = format.bitsPerSample;
  if (format.config && format.config.length <= 64) context.extraData = Buffer.from(format.config);
  check(context.open2Sync(codec), `opening the decoder for ${format.codec}`);
  const reader = contextReader(context);
  const packet = new Packet();
  packet.alloc();
  return {
    decode: (bytes, sink) => {
      packet.unref();
      packet.data = bufferOf(bytes);
      return bytes.length > 0 && context.sendPacketSync(packet) >= 0 && reader.drain(sink);
    },
    conceal: () => false,
    flush: (sink) => {
      context.sendPacketSync(null);
      reader.drain(sink);
    },
    [Symbol.dispose]: () => {
      reader[Symbol.dispose]();
      packet.free();
      context.freeContext();
    },
  };
}

/** Takes the frames that are ready in a decoder. `drain` returns whether it gave any samples. */
export function contextReader(context: CodecContext): Disposable & { drain(sink: SampleSink): boolean } {
  const frame = emptyFrame();
  return {
    drain: (sink) => {
      let gave = false;
      for (;;) {
        const result = context.receiveFrameSync(frame);
        if (result < 0) return gave; // wants more, or is at its end, or the packet was damaged
        if (frame.nbSamples > 0) {
          gave = true;
          sink(frame);
        }
        frame.unref();
      }
    },
    [Symbol.dispose]: () => frame.free(),
  };
}
