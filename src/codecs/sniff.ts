import { WireError } from "../util/errors.ts";
import { parseH264Sps } from "./h264/index.ts";
import { parseH265Sps } from "./h265/index.ts";
import type { NalCodec } from "./video-codec.ts";

/**
 * Which codec a NAL unit proves: "h264" for an SPS of H.264, "h265" for a VPS or SPS of H.265, undefined for anything
 * else (a slice proves nothing: type 5 is an IDR in one and a leading picture in the other).
 */
export function sniffCodec(nal: Uint8Array): NalCodec | undefined {
  if (nal.length < 5) return undefined;
  if (nal[0] === 0x40 && nal[1] === 0x01 && nal.length >= 16) return "h265";
  if (nal[0] === 0x42 && nal[1] === 0x01) return parses(parseH265Sps, nal) ? "h265" : undefined;
  if ((nal[0]! & 0x9f) === 7) return parses(parseH264Sps, nal) ? "h264" : undefined;
  return undefined;
}

/**
 * Whether at `at` stands a 4-byte length and after it a parameter set of that length (5 to 255 bytes), as AVCC streams
 * begin each group of pictures: its codec, or undefined, or "need-more" when `end` comes too soon to tell.
 */
export function parameterSetAt(bytes: Uint8Array, at: number, end: number): NalCodec | "need-more" | undefined {
  if (at + 6 > end) return "need-more";
  const length = bytes[at + 3]!;
  const first = bytes[at + 4]!;
  if (bytes[at + 2] !== 0 || length < 5) return undefined;
  if ((first & 0x9f) !== 7 && !(first === 0x40 && bytes[at + 5] === 1)) return undefined;
  if (at + 4 + length > end) return "need-more";
  return sniffCodec(bytes.subarray(at + 4, at + 4 + length));
}

function parses(parse: (nal: Uint8Array) => unknown, nal: Uint8Array): boolean {
  try {
    parse(nal);
    return true;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}
