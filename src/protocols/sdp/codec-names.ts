import type { AudioCodec, VideoCodec } from "../../media/format.ts";

const codecs: Readonly<Record<string, VideoCodec | AudioCodec>> = {
  H264: "h264",
  H265: "h265",
  HEVC: "h265",
  JPEG: "mjpeg",
  OPUS: "opus",
  PCMU: "pcmu",
  PCMA: "pcma",
  G722: "g722",
  L16: "pcm_s16le",
  "MPEG4-GENERIC": "aac",
  "MP4A-LATM": "aac",
  "G726-16": "g726",
  "G726-24": "g726",
  "G726-32": "g726",
  "G726-40": "g726",
  "AAL2-G726-16": "g726",
  "AAL2-G726-24": "g726",
  "AAL2-G726-32": "g726",
  "AAL2-G726-40": "g726",
};

/** The hub's word for an encoding name in upper case; undefined for one it does not carry. */
export function codecOf(encoding: string): VideoCodec | AudioCodec | undefined {
  return Object.hasOwn(codecs, encoding) ? codecs[encoding] : undefined;
}

/** What a static payload type means without `a=rtpmap` (RFC 3551, tables 4 and 5), as far as cameras use it. */
export const staticPayloads: Readonly<
  Record<number, { readonly encoding: string; readonly clockRateHz: number; readonly channels: number }>
> = {
  0: { encoding: "PCMU", clockRateHz: 8000, channels: 1 },
  2: { encoding: "G726-32", clockRateHz: 8000, channels: 1 },
  8: { encoding: "PCMA", clockRateHz: 8000, channels: 1 },
  9: { encoding: "G722", clockRateHz: 8000, channels: 1 },
  10: { encoding: "L16", clockRateHz: 44_100, channels: 2 },
  11: { encoding: "L16", clockRateHz: 44_100, channels: 1 },
  14: { encoding: "MPA", clockRateHz: 90_000, channels: 1 },
  26: { encoding: "JPEG", clockRateHz: 90_000, channels: 1 },
};
