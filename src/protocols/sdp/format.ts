import { parseAacConfig } from "../../codecs/aac/index.ts";
import { g726Bits } from "../../codecs/g726.ts";
import { nalFacts } from "../../codecs/nal.ts";
import { videoFormat } from "../../codecs/video-format.ts";
import type { AudioFormat, Format, NalCodec } from "../../media/format.ts";
import { WireError } from "../../util/errors.ts";
import { parseLatmConfig } from "../rtp/depacketize-latm.ts";
import type { PayloadMapping } from "./parse.ts";

/** What {@link formatFromPayload} reads. */
export type FormatSource = Pick<PayloadMapping, "codec" | "clockRateHz" | "channels" | "fmtp"> &
  Partial<Pick<PayloadMapping, "encoding">>;

/**
 * The hub's format of one payload type; undefined if the hub does not carry its codec. Parameter sets come from
 * `sprop-parameter-sets` (RFC 6184) or `sprop-vps`, `-sps`, `-pps` (RFC 7798), AAC's config from `config` (RFC 3640).
 * What is broken there counts as missing: the stream itself carries it too.
 */
export function formatFromPayload(payload: FormatSource): Format | undefined {
  const { codec, fmtp, channels } = payload;
  switch (codec) {
    case undefined:
      return undefined;
    case "h264":
    case "h265":
      return videoFormat(codec, spropSets(codec, fmtp));
    case "mjpeg":
      return { kind: "video", codec, parameterSets: [] };
    case "opus":
      return { kind: "audio", codec, sampleRateHz: 48_000, channels: 2 };
    case "g722":
      return { kind: "audio", codec, sampleRateHz: 16_000, channels };
    case "aac": {
      const said = { kind: "audio", codec, sampleRateHz: payload.clockRateHz, channels } as const;
      const config = fmtp["config"] ?? "";
      return { ...said, ...(payload.encoding === "MP4A-LATM" ? readLatm(config) : readAac(config)) };
    }
    case "g726":
      return {
        ...{ kind: "audio", codec, sampleRateHz: payload.clockRateHz, channels: 1 },
        bitsPerSample: g726Bits(payload.encoding ?? "") ?? 4,
      };
    default:
      return { kind: "audio", codec, sampleRateHz: payload.clockRateHz, channels };
  }
}

function spropSets(codec: NalCodec, fmtp: Readonly<Record<string, string>>): Uint8Array[] {
  const names = codec === "h264" ? ["sprop-parameter-sets"] : ["sprop-vps", "sprop-sps", "sprop-pps"];
  return names
    .flatMap((name) => (fmtp[name] ?? "").split(","))
    .slice(0, 32)
    .map((text) => new Uint8Array(Buffer.from(text, "base64")))
    .map((nal) => (nal[0] === 0 && nal[1] === 0 && nal[2] === 0 && nal[3] === 1 ? nal.subarray(4) : nal))
    .filter((nal) => nal.length >= 2 && nalFacts[codec].setRank(nal) >= 0);
}

/** The configuration inside a StreamMuxConfig (RFC 6416). */
function readLatm(text: string): Partial<AudioFormat> {
  const config = hexBytes(text);
  if (!config) return {};
  try {
    return readAac(Buffer.from(parseLatmConfig(config).config).toString("hex"));
  } catch (error) {
    if (error instanceof WireError) return {};
    throw error;
  }
}

/** What the configuration says goes before `a=rtpmap`, which often leaves the channels out. */
function readAac(text: string): Partial<AudioFormat> {
  const config = hexBytes(text);
  if (!config) return {};
  try {
    const { sampleRateHz, channels } = parseAacConfig(config);
    return { sampleRateHz, channels, config };
  } catch (error) {
    if (error instanceof WireError) return {};
    throw error;
  }
}

function hexBytes(text: string): Uint8Array | undefined {
  if (!/^([0-9a-f]{2}){2,64}$/i.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, "hex"));
}
