import { type VideoCodec, type VideoFormat, videoCodecs } from "../codecs/video-codec.ts";

export { type NalCodec, type VideoCodec, type VideoFormat, videoCodecs } from "../codecs/video-codec.ts";

/** Audio codecs that the hub carries. One frame is one packet (Opus, AAC raw block) or one block of samples. */
export const audioCodecs = ["opus", "pcmu", "pcma", "g722", "g726", "aac", "pcm_s16le"] as const;

/** One of {@link audioCodecs}. */
export type AudioCodec = (typeof audioCodecs)[number];

/** What a codec carries. */
export function kindOf(codec: VideoCodec | AudioCodec): "video" | "audio" {
  return (videoCodecs as readonly string[]).includes(codec) ? "video" : "audio";
}

/** Format of an audio track. */
export interface AudioFormat {
  readonly kind: "audio";
  readonly codec: AudioCodec;
  /** Sampling rate of the sound in Hz (G.722: 16000, although its RTP clock says 8000). */
  readonly sampleRateHz: number;
  readonly channels: number;
  /** AAC: AudioSpecificConfig (ISO 14496-3). */
  readonly config?: Uint8Array;
  /** G.726: bits of one coded sample, packed from the lowest bit on (RFC 3551, 4.5.4). */
  readonly bitsPerSample?: 2 | 3 | 4 | 5;
}

/** What a track carries. */
export type Format = VideoFormat | AudioFormat;

/** True when a reader of `before` can go on with `after`: the same codec, and for sound the same rate and channels. */
export function isCompatible(before: Format, after: Format): boolean {
  if (before.kind === "video") return after.kind === "video" && before.codec === after.codec;
  return (
    after.kind === "audio" &&
    before.codec === after.codec &&
    before.sampleRateHz === after.sampleRateHz &&
    before.channels === after.channels
  );
}

/** PCM signed 16 bit little-endian. */
export function pcmFormat(sampleRateHz: number, channels = 1): AudioFormat {
  return { kind: "audio", codec: "pcm_s16le", sampleRateHz, channels };
}

/** Opus as WebRTC carries it: 48 kHz, two channels. */
export const opusFormat: AudioFormat = { kind: "audio", codec: "opus", sampleRateHz: 48_000, channels: 2 };
