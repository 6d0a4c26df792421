import { AV_CODEC_FLAG_GLOBAL_HEADER, AV_SAMPLE_FMT_S16 } from "node-av/constants";
import { Codec, CodecContext, Dictionary, Packet, Rational } from "node-av/lib";
import type { AudioFormat } from "../../../media/format.ts";
import { check, layoutOf, present, samplesFrame } from "./av.ts";

/** One encoded packet. `pts` counts samples since the encoder's first input; the encoder's own delay makes it negative. */
export interface EncodedPacket {
  readonly data: Uint8Array;
  readonly pts: number;
}

/** Blocks of interleaved 16-bit samples in, packets out. */
export interface AudioEncoder extends Disposable {
  /** What comes out; AAC: with its AudioSpecificConfig. */
  readonly output: AudioFormat;
  /** Samples per channel that a block must have. */
  readonly blockSamples: number;
  /** `pts`: the block's first sample, counted from 0. */
  encode(block: Buffer, pts: number): EncodedPacket[];
  /** Gives what is still inside. */
  flush(): EncodedPacket[];
}

const encoderNames = { opus: "libopus", pcmu: "pcm_mulaw", pcma: "pcm_alaw", g722: "g722", aac: "libfdk_aac" } as const;

/** An encoder to `output`, in packets of 20 ms (AAC: 1024 samples). Throws FatalError when FFmpeg has none. */
export async function createAudioEncoder(output: AudioFormat): Promise<AudioEncoder> {
  const blockSamples = output.codec === "aac" ? 1024 : Math.round(output.sampleRateHz / 50);
  if (output.codec === "pcm_s16le") {
    return {
      output,
      blockSamples,
      encode: (block, pts) => [{ data: block, pts }],
      flush: () => [],
      [Symbol.dispose]: () => {},
    };
  }
  const context = await openEncoder(output);
  const config = output.codec === "aac" ? context.extraData : null;
  const packet = new Packet();
  packet.alloc();
  const drain = (): EncodedPacket[] => {
    const packets: EncodedPacket[] = [];
    while (context.receivePacketSync(packet) >= 0) {
      if (packet.data) packets.push({ data: Uint8Array.from(packet.data), pts: Number(packet.pts) });
      packet.unref();
    }
    return packets;
  };
  return {
    output: config ? { ...output, config: Uint8Array.from(config) } : output,
    blockSamples,
    encode: (block, pts) => {
      using frame = samplesFrame(block, { sampleRateHz: output.sampleRateHz, channels: output.channels, pts });
      check(context.sendFrameSync(frame), `encoding ${output.codec}`);
      return drain();
    },
    flush: () => {
      context.sendFrameSync(null);
      return drain();
    },
    [Symbol.dispose]: () => {
      packet.free();
      context.freeContext();
    },
  };
}

async function openEncoder(output: AudioFormat): Promise<CodecContext> {
  const name = encoderNames[output.codec as keyof typeof encoderNames];
  const codec = present(Codec.findEncoderByName(name as never), `encoder for ${output.codec}`);
  const context = new CodecContext();
  context.allocContext3(codec);
  context.sampleRate = output.sampleRateHz;
  context.channelLayout = layoutOf(output.channels);
  context.sampleFormat = AV_SAMPLE_FMT_S16;
  context.timeBase = new Rational(1, output.sampleRateHz);
  if (output.codec === "aac") context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
  if (output.codec === "aac" || output.codec === "opus") context.bitRate = BigInt(bitrateBps(output));
  const options = output.codec === "opus" ? opusOptions(output) : {};
  // The synchronous form with a dictionary frees twice at exit.
  const result = await context.open2(codec, Dictionary.fromObject(options));
  check(result, `opening the encoder for ${output.codec}`);
  return context;
}

function bitrateBps(output: AudioFormat): number {
  if (output.codec === "aac") return 32_000 + 32_000 * output.channels;
  return output.sampleRateHz <= 16_000 ? 28_000 * output.channels : 32_000 * output.channels;
}

function opusOptions(output: AudioFormat): Record<string, string> {
  return {
    application: output.channels === 1 ? "voip" : "audio",
    frame_duration: "20",
    compression_level: "5",
    vbr: "on",
    ...(output.channels === 1 ? { fec: "1", packet_loss: "5" } : {}),
  };
}
