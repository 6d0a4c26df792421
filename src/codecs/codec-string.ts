import { unescapeRbsp } from "./bit-reader.ts";
import { nalFacts } from "./nal.ts";
import type { VideoFormat } from "./video-codec.ts";

/** Bytes of an H.265 SPS, without escapes, up to and with its general level. */
const h265LevelAt = 14;

/**
 * What a picture is called where browsers are asked whether they decode it: `avc1.64001f` or `hvc1.1.6.L93.90` (RFC 6381;
 * ISO 14496-15, annex E), and the media type for MJPEG, `image/jpeg`. Undefined before its parameter sets are known.
 */
export function codecString({ codec, profile, parameterSets }: VideoFormat): string | undefined {
  if (codec === "mjpeg") return "image/jpeg";
  if (codec === "h264") return profile === undefined ? undefined : `avc1.${profile.toLowerCase()}`;
  const sps = parameterSets.find(nalFacts.h265.isSps);
  return sps && h265String(unescapeRbsp(sps, h265LevelAt + 8));
}

/** Of the profile_tier_level of an SPS (H.265, 7.3.3): two header bytes and one of ids stand before it. */
function h265String(sps: Uint8Array): string | undefined {
  if (sps.length <= h265LevelAt) return undefined;
  const [first = 0] = sps.subarray(3);
  const space = ["", "A", "B", "C"][first >> 6];
  const tier = first & 0x20 ? "H" : "L";
  const compatible = new DataView(sps.buffer, sps.byteOffset).getUint32(4);
  const constraints = [...sps.subarray(8, h265LevelAt)];
  while (constraints.at(-1) === 0) constraints.pop();
  return [
    `hvc1.${space}${first & 0x1f}`,
    reversed(compatible).toString(16).toUpperCase(),
    `${tier}${sps[h265LevelAt]}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ].join(".");
}

/** The 32 bits in the opposite order. */
function reversed(word: number): number {
  let out = 0;
  for (let bit = 0; bit < 32; bit++) out = (out << 1) | ((word >>> bit) & 1);
  return out >>> 0;
}
