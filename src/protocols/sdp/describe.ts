import { makeAacConfig, parseAacConfig } from "../../codecs/aac/index.ts";
import { nalFacts } from "../../codecs/nal.ts";
import type { AudioFormat, Format, VideoFormat } from "../../media/format.ts";
import { WireError } from "../../util/errors.ts";

/** How RTP carries a format: the payload type as one medium of a description declares it. */
export interface RtpPayloadType {
  /** Static where RFC 3551 has one, else from 96 on. */
  readonly payloadType: number;
  /** As `a=rtpmap` writes it: `H264/90000`. */
  readonly map: string;
  /** Units a second of the RTP timestamps. */
  readonly clockRateHz: number;
  /** Value of `a=fmtp`, if anything has to be said. */
  readonly fmtp?: string;
}

/** One medium to be described. */
export interface MediumDescription {
  readonly kind: "video" | "audio";
  readonly payloads: readonly RtpPayloadType[];
  readonly control: string;
  readonly direction?: "sendonly" | "recvonly";
}

/** What is described. */
export interface DescriptionOptions {
  /** What people call it; line breaks are left out. */
  readonly name: string;
  /** Number of the session, for `o=`. */
  readonly id: number;
  readonly media: readonly MediumDescription[];
}

/** PCMU and PCMA of one channel at 8000 Hz, which everybody speaks. */
export const g711Payloads: readonly RtpPayloadType[] = [
  { payloadType: 0, map: "PCMU/8000", clockRateHz: 8000 },
  { payloadType: 8, map: "PCMA/8000", clockRateHz: 8000 },
];

/** The payload type that carries `format`; `dynamic` is its number where the standard gives none. */
export function payloadTypeOf(format: Format, dynamic: number): RtpPayloadType {
  return format.kind === "video" ? videoPayload(format, dynamic) : audioPayload(format, dynamic);
}

/** A live session in the words of RFC 8866, as an RTSP server describes it (RFC 2326, appendix C). */
export function writeDescription({ name, id, media }: DescriptionOptions): string {
  const lines = [
    "v=0",
    `o=- ${id} 1 IN IP4 0.0.0.0`,
    `s=${name.replace(/\p{Cc}+/gu, " ").trim() || "-"}`,
    "c=IN IP4 0.0.0.0",
    "t=0 0",
    "a=tool:Doorward",
    "a=range:npt=now-",
    "a=control:*",
    ...media.flatMap(writeMedium),
  ];
  return lines.map((line) => `${line}\r\n`).join("");
}

function writeMedium({ kind, payloads, control, direction }: MediumDescription): readonly string[] {
  return [
    `m=${kind} 0 RTP/AVP ${payloads.map(({ payloadType }) => payloadType).join(" ")}`,
    ...payloads.flatMap(({ payloadType, map, fmtp }) => [
      `a=rtpmap:${payloadType} ${map}`,
      ...(fmtp === undefined ? [] : [`a=fmtp:${payloadType} ${fmtp}`]),
    ]),
    ...(direction === undefined ? [] : [`a=${direction}`]),
    `a=control:${control}`,
  ];
}

/** RFC 3551: type 26. */
const jpegPayload: RtpPayloadType = { payloadType: 26, map: "JPEG/90000", clockRateHz: 90_000 };

function videoPayload(format: VideoFormat, payloadType: number): RtpPayloadType {
  if (format.codec === "mjpeg") return jpegPayload;
  const sets = format.codec === "h264" ? h264Sets(format) : h265Sets(format);
  const fmtp = sets.join(";");
  const map = `${format.codec.toUpperCase()}/90000`;
  return { payloadType, map, clockRateHz: 90_000, ...(fmtp && { fmtp }) };
}

/** RFC 6184, 8.1. */
function h264Sets({ parameterSets, profile }: VideoFormat): readonly string[] {
  const sprop = parameterSets.map(base64).join(",");
  return [
    "packetization-mode=1",
    ...(profile === undefined ? [] : [`profile-level-id=${profile}`]),
    ...(sprop ? [`sprop-parameter-sets=${sprop}`] : []),
  ];
}

/** RFC 7798, 7.1. */
function h265Sets({ parameterSets }: VideoFormat): readonly string[] {
  const { setRank } = nalFacts.h265;
  return ["sprop-vps", "sprop-sps", "sprop-pps"].flatMap((name, rank) => {
    const sets = parameterSets.filter((nal) => setRank(nal) === rank).map(base64);
    return sets.length > 0 ? [`${name}=${sets.join(",")}`] : [];
  });
}

function audioPayload(format: AudioFormat, dynamic: number): RtpPayloadType {
  const { codec, sampleRateHz, channels } = format;
  const rate = channels > 1 ? `${sampleRateHz}/${channels}` : `${sampleRateHz}`;
  const known = (payloadType: number, map: string) => ({ payloadType, map, clockRateHz: sampleRateHz });
  switch (codec) {
    case "opus":
      return { payloadType: dynamic, map: "opus/48000/2", clockRateHz: 48_000, fmtp: "sprop-stereo=1" };
    case "g722":
      // Its RTP clock is 8000, by an old mistake (RFC 3551, 4.5.2).
      return { payloadType: 9, map: "G722/8000", clockRateHz: 8000 };
    case "pcmu":
    case "pcma": {
      const plain = sampleRateHz === 8000 && channels === 1;
      return known(plain ? (codec === "pcmu" ? 0 : 8) : dynamic, `${codec.toUpperCase()}/${rate}`);
    }
    case "g726":
      return known(dynamic, `G726-${(format.bitsPerSample ?? 4) * 8}/${rate}`);
    case "pcm_s16le":
      return known(dynamic, `L16/${rate}`);
    case "aac":
      return aacPayload(format, dynamic);
  }
}

/** AAC-hbr of RFC 3640, 3.3.6. */
function aacPayload(format: AudioFormat, payloadType: number): RtpPayloadType {
  const { sampleRateHz, channels, config = makeAacConfig(format) } = format;
  const hex = Buffer.from(config).toString("hex");
  const fmtp = `streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=${hex}`;
  const clockRateHz = coreRate(config) ?? sampleRateHz;
  return { payloadType, map: `mpeg4-generic/${clockRateHz}/${channels}`, clockRateHz, fmtp };
}

function coreRate(config: Uint8Array): number | undefined {
  try {
    return parseAacConfig(config).coreRateHz;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
