import {
  AV_CODEC_ID_AAC,
  AV_CODEC_ID_ADPCM_G722,
  AV_CODEC_ID_H264,
  AV_CODEC_ID_HEVC,
  AV_CODEC_ID_OPUS,
  AV_CODEC_ID_PCM_ALAW,
  AV_CODEC_ID_PCM_MULAW,
  AV_CODEC_ID_PCM_S16LE,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
} from "node-av/constants";
import { BitStreamFilter, BitStreamFilterContext, type FormatContext, Packet, type Stream } from "node-av/lib";
import { makeAacConfig } from "../../../codecs/aac/index.ts";
import { splitAnnexB } from "../../../codecs/annexb.ts";
import { ParameterSetKeeper } from "../../../codecs/video-format.ts";
import type { AudioCodec, AudioFormat, Format } from "../../../media/format.ts";
import { FatalError } from "../../../util/errors.ts";
import type { StreamFrame } from "../messages.ts";
import { check, present } from "./av.ts";
import { openMedia } from "./source.ts";

/** A media file whose streams pass through unchanged. */
export interface PassThrough {
  /** Formats by stream number: the picture, the sound, or both. */
  readonly formats: readonly Format[];
  readonly durationUs: number | undefined;
  /** Frames in decoding order; timestamps count from 0. */
  readonly batches: AsyncGenerator<StreamFrame[], undefined, void>;
}

interface Track {
  readonly stream: Stream;
  readonly format: Format;
  readonly filter: BitStreamFilterContext | undefined;
  readonly keeper: ParameterSetKeeper | undefined;
  /** Frames read so far: the time of a stream without timestamps. */
  count: number;
}

/**
 * Opens a file for passing through H.264, H.265, AAC, Opus, G.711, G.722 and 16-bit PCM. Other streams are left out.
 * Throws FatalError `no-such-file`, `not-audio`, or `unknown-codec` when nothing in it can be passed through.
 */
export async function openPassThrough(path: string): Promise<PassThrough> {
  const media = await openMedia(path);
  const tracks = [AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO].flatMap((type) => openTrack(media.context, type) ?? []);
  if (tracks.length === 0) {
    await media[Symbol.asyncDispose]();
    throw new FatalError("this file has neither H.264 or H.265 pictures nor AAC, Opus, G.711 or PCM sound", {
      code: "unknown-codec",
    });
  }
  const durationUs = media.context.duration > 0n ? Number(media.context.duration) : undefined;
  return { formats: tracks.map((track) => track.format), durationUs, batches: read(media, tracks) };
}

function openTrack(
  context: FormatContext,
  type: typeof AVMEDIA_TYPE_VIDEO | typeof AVMEDIA_TYPE_AUDIO,
): Track | undefined {
  const stream = context.streams[context.findBestStream(type)];
  if (!stream) return undefined;
  return type === AVMEDIA_TYPE_VIDEO ? openVideo(stream) : openAudio(stream);
}

function openVideo(stream: Stream): Track | undefined {
  const { codecId, extradata } = stream.codecpar;
  const codec = codecId === AV_CODEC_ID_H264 ? "h264" : codecId === AV_CODEC_ID_HEVC ? "h265" : undefined;
  if (!codec) return undefined;
  const filter = openFilter(stream, codec === "h264" ? "h264_mp4toannexb" : "hevc_mp4toannexb");
  const keeper = new ParameterSetKeeper(codec);
  const sets = filter.outputCodecParameters?.extradata ?? extradata;
  if (sets) keeper.add(splitAnnexB(Uint8Array.from(sets)));
  return { stream, filter, keeper, format: keeper.format, count: 0 };
}

const audioCodecs = new Map<number, AudioCodec>([
  [AV_CODEC_ID_AAC, "aac"],
  [AV_CODEC_ID_OPUS, "opus"],
  [AV_CODEC_ID_PCM_S16LE, "pcm_s16le"],
  [AV_CODEC_ID_PCM_ALAW, "pcma"],
  [AV_CODEC_ID_PCM_MULAW, "pcmu"],
  [AV_CODEC_ID_ADPCM_G722, "g722"],
]);

function openAudio(stream: Stream): Track | undefined {
  const codec = audioCodecs.get(stream.codecpar.codecId);
  if (!codec) return undefined;
  const { sampleRate, channels, extradata } = stream.codecpar;
  const filter = codec === "aac" && !extradata?.length ? openFilter(stream, "aac_adtstoasc") : undefined;
  const sampleRateHz = codec === "opus" ? 48_000 : sampleRate;
  const format: AudioFormat = { kind: "audio", codec, sampleRateHz, channels };
  if (codec === "aac") {
    const config = extradata?.length ? Uint8Array.from(extradata) : makeAacConfig({ sampleRateHz, channels });
    return { stream, filter, keeper: undefined, format: { ...format, config }, count: 0 };
  }
  return { stream, filter, keeper: undefined, format, count: 0 };
}

function openFilter(stream: Stream, name: string): BitStreamFilterContext {
  const context = new BitStreamFilterContext();
  check(context.alloc(present(BitStreamFilter.getByName(name), `filter ${name}`)), `making ${name}`);
  check(stream.codecpar.copy(present(context.inputCodecParameters, `filter ${name}`)), `setting up ${name}`);
  context.inputTimeBase = stream.timeBase;
  check(context.init(), `starting ${name}`);
  return context;
}

async function* read(
  media: Awaited<ReturnType<typeof openMedia>>,
  tracks: readonly Track[],
): AsyncGenerator<StreamFrame[], undefined, void> {
  await using owned = media;
  using packet = new Packet();
  packet.alloc();
  const startUs = Math.max(0, Number(owned.context.startTime > -(2n ** 62n) ? owned.context.startTime : 0n));
  try {
    while ((await owned.context.readFrame(packet)) >= 0) {
      const number = tracks.findIndex((track) => track.stream.index === packet.streamIndex);
      const track = tracks[number];
      const frames = track ? framesOf(track, number, packet) : [];
      packet.unref();
      if (frames.length > 0) yield frames.map((frame) => ({ ...frame, timestampUs: frame.timestampUs - startUs }));
    }
  } finally {
    for (const track of tracks) track.filter?.free();
  }
  return undefined;
}

function framesOf(track: Track, stream: number, packet: Packet): StreamFrame[] {
  if (!track.filter) return frameOf(track, stream, packet);
  if (track.filter.sendPacketSync(packet) < 0) return [];
  const frames: StreamFrame[] = [];
  while (track.filter.receivePacketSync(packet) >= 0) {
    frames.push(...frameOf(track, stream, packet));
    packet.unref();
  }
  return frames;
}

function frameOf(track: Track, stream: number, packet: Packet): StreamFrame[] {
  if (!packet.data || packet.data.length === 0) return [];
  const { num, den } = track.stream.timeBase;
  const timestampUs = timeOf(track, packet);
  const data = Uint8Array.from(packet.data);
  if (track.keeper) {
    const unit = track.keeper.prepare(splitAnnexB(data));
    return unit ? [{ ...unit, timestampUs, stream }] : [];
  }
  const durationUs = Math.round((Number(packet.duration) * 1e6 * num) / den);
  return blocksOf(track.format as AudioFormat, { data, timestampUs, durationUs, key: true, stream });
}

/** Decoding time, in microseconds: it never goes back, as presentation time does where there are B-frames. */
function timeOf(track: Track, packet: Packet): number {
  const { num, den } = track.stream.timeBase;
  const stamp = [packet.dts, packet.pts].find((value) => value > -(2n ** 62n));
  const rate = track.stream.avgFrameRate;
  const frameUs = rate.num > 0 ? (rate.den * 1e6) / rate.num : 40_000;
  const us = stamp === undefined ? track.count * frameUs : (Number(stamp) * 1e6 * num) / den;
  track.count++;
  return Math.round(us);
}

const bytesPerSecond = { pcm_s16le: 2, pcma: 1, pcmu: 1, g722: 0.5, g726: 0.5 } as const;

/** Samples come in pieces of any size: cut into 20 ms. A packet of a codec stays whole. */
function blocksOf(format: AudioFormat, frame: StreamFrame): StreamFrame[] {
  if (format.codec === "opus" || format.codec === "aac") return [frame];
  const rate = format.sampleRateHz * format.channels * bytesPerSecond[format.codec];
  const step = Math.round(rate / 50 / format.channels / 2) * format.channels * 2;
  const blocks: StreamFrame[] = [];
  for (let at = 0; at < frame.data.length; at += step) {
    const data = frame.data.subarray(at, at + step);
    const timestampUs = frame.timestampUs + Math.round((at * 1e6) / rate);
    blocks.push({ ...frame, data, timestampUs, durationUs: Math.round((data.length * 1e6) / rate) });
  }
  return blocks;
}
