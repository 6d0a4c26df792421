import { WireError } from "../../util/errors.ts";

/** Fields of an RTP header that a hub uses. */
export interface RtpHeader {
  /** 0 to 127. */
  readonly payloadType: number;
  readonly marker: boolean;
  /** 16 bits; wraps. */
  readonly sequence: number;
  /** 32 bits in units of the payload's clock; wraps. */
  readonly timestamp: number;
  /** 32 bits; the stream's name. */
  readonly ssrc: number;
}

/** One RTP packet; contributing sources, header extension and padding are left behind. */
export interface RtpPacket extends RtpHeader {
  readonly payload: Uint8Array;
}

/** Bytes of a header without contributing sources and extension. */
export const rtpHeaderBytes = 12;

/**
 * Reads an RTP packet (RFC 3550, 5.1).
 *
 *      0                   1                   2                   3
 *     |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *     |                           timestamp                           |
 *     |                             SSRC                              |
 *     |            contributing sources (CC times 32 bit)             |
 *     |     extension, if X: 16 bit profile, 16 bit length in words   |
 *
 * The payload is a view. Throws WireError for another version or lengths beyond the packet.
 */
export function parseRtp(bytes: Uint8Array): RtpPacket {
  if (bytes.length < rtpHeaderBytes) throw new WireError(`RTP: ${bytes.length} bytes are too few`);
  const first = bytes[0]!;
  if (first >> 6 !== 2) throw new WireError(`RTP: version ${first >> 6}`);
  let start = rtpHeaderBytes + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (start + 4 > bytes.length) throw new WireError("RTP: cut inside its extension");
    start += 4 + uint16(bytes, start + 2) * 4;
  }
  const padding = (first & 0x20) !== 0 ? bytes[bytes.length - 1]! : 0;
  const end = bytes.length - padding;
  if (start > end) throw new WireError("RTP: header and padding longer than the packet");
  return {
    payloadType: bytes[1]! & 0x7f,
    marker: (bytes[1]! & 0x80) !== 0,
    sequence: uint16(bytes, 2),
    timestamp: uint16(bytes, 4) * 0x10000 + uint16(bytes, 6),
    ssrc: uint16(bytes, 8) * 0x10000 + uint16(bytes, 10),
    payload: bytes.subarray(start, end),
  };
}

/** The bytes are there: their number was looked at. Without a DataView, which each packet would leave to be collected. */
function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** Writes the 12 bytes of a plain header at the beginning of `bytes`. Numbers are cut to their width. */
export function writeRtpHeader(bytes: Uint8Array, header: RtpHeader): void {
  bytes[0] = 0x80;
  bytes[1] = (header.marker ? 0x80 : 0) | (header.payloadType & 0x7f);
  bytes[2] = header.sequence >> 8;
  bytes[3] = header.sequence;
  writeUint32(bytes, header.timestamp, 4);
  writeUint32(bytes, header.ssrc, 8);
}

/** The packet as bytes, with a plain header. */
export function serializeRtp(packet: RtpPacket): Uint8Array {
  const bytes = new Uint8Array(rtpHeaderBytes + packet.payload.length);
  writeRtpHeader(bytes, packet);
  bytes.set(packet.payload, rtpHeaderBytes);
  return bytes;
}

function writeUint32(bytes: Uint8Array, value: number, at: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
