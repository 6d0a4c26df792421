import { WireError } from "../../util/errors.ts";
import { aacRates } from "./config.ts";

/** One frame of an ADTS stream. */
export interface AdtsFrame {
  readonly sampleRateHz: number;
  readonly channels: number;
  /** The raw block without header and checksum; a view. */
  readonly block: Uint8Array;
  /** Bytes of the whole frame, header included. */
  readonly length: number;
}

/**
 * The ADTS frame at the beginning of `bytes` (ISO 14496-3, 1.A.2.2.1); undefined when more bytes are needed. Throws
 * WireError when no frame begins there or when it holds several raw blocks.
 *
 *     |1111 1111 1111|I|00|P| profile 2 | rate 4 |-| channels 3 |----| length 13 | fullness 11 | blocks-1 2 |
 *     | crc 16, if P is 0 |
 */
export function readAdts(bytes: Uint8Array): AdtsFrame | undefined {
  if (bytes.length >= 2 && (bytes[0] !== 0xff || (bytes[1]! & 0xf6) !== 0xf0))
    throw new WireError("ADTS: no sync word");
  if (bytes.length < 7) return undefined;
  const headerBytes = bytes[1]! & 1 ? 7 : 9;
  const sampleRateHz = aacRates[(bytes[2]! >> 2) & 15];
  const layout = ((bytes[2]! & 1) << 2) | (bytes[3]! >> 6);
  const length = ((bytes[3]! & 3) << 11) | (bytes[4]! << 3) | (bytes[5]! >> 5);
  if (sampleRateHz === undefined) throw new WireError("ADTS: reserved sampling frequency");
  if (length < headerBytes) throw new WireError(`ADTS: a frame of ${length} bytes`);
  if ((bytes[6]! & 3) !== 0) throw new WireError("ADTS: several blocks in a frame");
  if (bytes.length < length) return undefined;
  const channels = layout === 7 ? 8 : Math.max(1, layout);
  return { sampleRateHz, channels, block: bytes.subarray(headerBytes, length), length };
}

/** A raw AAC-LC block with an ADTS header without checksum. Throws WireError for a rate that is not in the table. */
export function writeAdts(
  block: Uint8Array,
  format: { readonly sampleRateHz: number; readonly channels: number },
): Uint8Array {
  const rate = aacRates.indexOf(format.sampleRateHz);
  const length = block.length + 7;
  if (rate < 0 || length > 8191) throw new WireError(`ADTS: ${format.sampleRateHz} Hz, ${length} bytes`);
  const layout = format.channels === 8 ? 7 : format.channels;
  const frame = new Uint8Array(length);
  frame.set([0xff, 0xf1, (1 << 6) | (rate << 2) | (layout >> 2), ((layout & 3) << 6) | (length >> 11)]);
  frame.set([length >> 3, ((length & 7) << 5) | 0x1f, 0xfc], 4);
  frame.set(block, 7);
  return frame;
}
