import { AVMEDIA_TYPE_AUDIO } from "node-av/constants";
import { type Frame as AvFrame, Codec, CodecContext, Packet, type Stream } from "node-av/lib";
import type { AudioFormat } from "../../../media/format.ts";
import type { Frame } from "../../../media/frame.ts";
import { FatalError } from "../../../util/errors.ts";
import { check, present } from "./av.ts";
import { Blocks } from "./blocks.ts";
import { contextReader } from "./decode.ts";
import { createAudioEncoder, type EncodedPacket } from "./encode.ts";
import { Resampler } from "./resample.ts";
import { type MediaSource, openMedia, type Pull } from "./source.ts";

/** A file whose sound is being decoded. */
export interface OpenFile {
  readonly output: AudioFormat;
  readonly durationUs: number | undefined;
  /** Packets of the output from time 0 on, some at a time; returns a sentence when the file was cut short. */
  readonly batches: AsyncGenerator<Frame[], string | undefined, void>;
}

/** Opens the sound of `source` for decoding to `output`. Throws FatalError `no-such-file`, `not-audio`. */
export async function openFile(
  source: string | Pull,
  options: { readonly output: AudioFormat; readonly gain: number },
): Promise<OpenFile> {
  const media = await openMedia(source);
  try {
    const index = media.context.findBestStream(AVMEDIA_TYPE_AUDIO);
    const stream = media.context.streams[index];
    if (index < 0 || !stream) throw new FatalError("there is no sound in this file", { code: "not-audio" });
    const encoder = await createAudioEncoder(options.output);
    // A stream's header may promise what its writer did not know: espeak-ng's says two gigabytes.
    const known = typeof source === "string" && media.context.duration > 0n;
    const durationUs = known ? Number(media.context.duration) : undefined;
    const batches = decode({ media, stream, encoder, gain: options.gain, durationUs });
    return { output: encoder.output, durationUs, batches };
  } catch (error) {
    await media[Symbol.asyncDispose]();
    throw error;
  }
}

interface Decode {
  readonly media: MediaSource;
  readonly stream: Stream;
  readonly encoder: Awaited<ReturnType<typeof createAudioEncoder>>;
  readonly gain: number;
  readonly durationUs: number | undefined;
}

async function* decode(task: Decode): AsyncGenerator<Frame[], string | undefined, void> {
  await using media = task.media;
  using encoder = task.encoder;
  using resampler = new Resampler({ ...encoder.output, followsClock: false });
  using decoder = openDecoder(task.stream);
  using packet = new Packet();
  packet.alloc();
  const { sampleRateHz, channels } = encoder.output;
  const blocks = new Blocks({ blockSamples: encoder.blockSamples, channels, gain: task.gain });
  let samples = 0;
  let encoded = 0;
  const put = (part: Buffer): void => {
    samples += part.length / 2 / channels;
    blocks.push(part);
  };
  const take = (frame: AvFrame): void => put(resampler.convert(frame));
  const toFrame = (one: EncodedPacket): Frame => ({
    data: one.data,
    timestampUs: Math.max(0, Math.round((one.pts * 1e6) / sampleRateHz)),
    durationUs: Math.round((encoder.blockSamples * 1e6) / sampleRateHz),
    key: true,
  });
  const encode = (block: Buffer): Frame[] => {
    const packets = encoder.encode(block, encoded);
    encoded += encoder.blockSamples;
    return packets.map(toFrame);
  };
  const drain = (): Frame[] => {
    const frames: Frame[] = [];
    for (let block = blocks.take(); block; block = blocks.take()) frames.push(...encode(block));
    return frames;
  };
  while ((await media.context.readFrame(packet)) >= 0) {
    if (packet.streamIndex === task.stream.index) decoder.decode(packet, take);
    packet.unref();
    const frames = drain();
    if (frames.length > 0) yield frames;
  }
  decoder.decode(null, take);
  put(resampler.flush());
  const last = drain();
  const rest = blocks.takeLast();
  if (rest) last.push(...encode(rest));
  last.push(...encoder.flush().map(toFrame));
  if (samples === 0) throw new FatalError("no sound could be decoded from this file", { code: "not-audio" });
  if (last.length > 0) yield last;
  const playedUs = (samples * 1e6) / sampleRateHz;
  if (task.durationUs === undefined || playedUs > task.durationUs * 0.95 - 500_000) return undefined;
  return `the file is cut short: ${seconds(playedUs)} of ${seconds(task.durationUs)} could be played`;
}

function seconds(us: number): string {
  return `${(us / 1e6).toFixed(1)} s`;
}

function openDecoder(
  stream: Stream,
): Disposable & { decode(packet: Packet | null, sink: (frame: AvFrame) => void): void } {
  const codec = present(Codec.findDecoder(stream.codecpar.codecId), "decoder for the sound in this file");
  const context = new CodecContext();
  context.allocContext3(codec);
  check(context.parametersToContext(stream.codecpar), "reading the sound's parameters");
  context.pktTimebase = stream.timeBase;
  context.threadCount = 1;
  check(context.open2Sync(codec), "opening the decoder of this file's sound");
  const reader = contextReader(context);
  return {
    decode: (packet, sink) => {
      context.sendPacketSync(packet);
      reader.drain(sink);
    },
    [Symbol.dispose]: () => {
      reader[Symbol.dispose]();
      context.freeContext();
    },
  };
}
