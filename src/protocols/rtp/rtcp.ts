import { WireError } from "../../util/errors.ts";

/** What a receiver reports of one source (RFC 3550, 6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** Lost since the last report, in 1/256. */
  readonly fractionLost: number;
  /** Lost in all; 24 bits, may be negative after duplicates. */
  readonly totalLost: number;
  /** Highest sequence received, with its cycles above 16 bits. */
  readonly highestSequence: number;
  /** In units of the timestamp. */
  readonly jitter: number;
  /** Middle 32 bits of the last sender report's NTP time; 0 for none. */
  readonly lastReport: number;
  /** Time since then in 1/65536 s. */
  readonly delaySinceLastReport: number;
}

/** The RTCP packets that a hub speaks. */
export type RtcpPacket =
  | {
      readonly type: "sender-report";
      readonly ssrc: number;
      /** Wall-clock time of `rtpTimestamp`: 64-bit NTP, seconds since 1900 in the upper half. */
      readonly ntp: bigint;
      readonly rtpTimestamp: number;
      readonly packets: number;
      readonly bytes: number;
      readonly reports: readonly ReportBlock[];
    }
  | { readonly type: "receiver-report"; readonly ssrc: number; readonly reports: readonly ReportBlock[] }
  | {
      readonly type: "source-description";
      readonly sources: readonly { readonly ssrc: number; readonly cname: string }[];
    }
  | { readonly type: "goodbye"; readonly ssrcs: readonly number[] }
  | { readonly type: "nack"; readonly ssrc: number; readonly mediaSsrc: number; readonly sequences: readonly number[] }
  | { readonly type: "picture-loss"; readonly ssrc: number; readonly mediaSsrc: number }
  /** One with the `sequence` (8 bits) of the one before is the same request once more; it is not read. */
  | {
      readonly type: "full-intra-request";
      readonly ssrc: number;
      readonly mediaSsrc: number;
      readonly sequence?: number;
    }
  /** What a receiver could take (REMB, draft-alvestrand-rmcat-remb). */
  | { readonly type: "receiver-estimate"; readonly ssrc: number; readonly bitrateBps: number };

/** True when bytes on a shared port are RTCP and not RTP: packet types 192 to 223 (RFC 5761, 4). */
export function isRtcp(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[1]! >= 192 && bytes[1]! <= 223;
}

const maxPackets = 64;

/**
 * Reads a compound packet (RFC 3550, 6; RFC 4585; FIR of RFC 5104). Types that a hub does not speak are passed over;
 * bytes behind the last packet too. Throws WireError for a wrong version or a length beyond the bytes.
 *
 *     |V=2|P|  count  |      PT       |   length in 32-bit words - 1  |
 */
export function parseRtcp(bytes: Uint8Array): RtcpPacket[] {
  const packets: RtcpPacket[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let n = 0; n < maxPackets && at + 4 <= bytes.length; n++) {
    if (bytes[at]! >> 6 !== 2) throw new WireError(`RTCP: version ${bytes[at]! >> 6}`);
    const length = 4 + view.getUint16(at + 2) * 4;
    if (length > bytes.length - at) throw new WireError(`RTCP: ${length} bytes of ${bytes.length - at}`);
    const body = new DataView(bytes.buffer, bytes.byteOffset + at + 4, length - 4);
    const packet = readPacket({ type: bytes[at + 1]!, count: bytes[at]! & 31, body });
    if (packet) packets.push(packet);
    at += length;
  }
  if (at === 0) throw new WireError("RTCP: too short");
  return packets;
}

interface RawPacket {
  readonly type: number;
  readonly count: number;
  readonly body: DataView;
}

function readPacket(raw: RawPacket): RtcpPacket | undefined {
  switch (raw.type) {
    case 200:
      return readSenderReport(raw);
    case 201:
      need(raw.body, 4);
      return { type: "receiver-report", ssrc: raw.body.getUint32(0), reports: readReports(raw, 4) };
    case 202:
      return { type: "source-description", sources: readSources(raw) };
    case 203:
      need(raw.body, raw.count * 4);
      return { type: "goodbye", ssrcs: Array.from({ length: raw.count }, (_, i) => raw.body.getUint32(i * 4)) };
    case 205:
      return raw.count === 1 ? readNack(raw.body) : undefined;
    case 206:
      return readPayloadFeedback(raw);
    default:
      return undefined;
  }
}

function need(body: DataView, bytes: number): void {
  if (body.byteLength < bytes) throw new WireError(`RTCP: ${body.byteLength} bytes where ${bytes} are needed`);
}

function readSenderReport(raw: RawPacket): RtcpPacket {
  need(raw.body, 24);
  return {
    type: "sender-report",
    ssrc: raw.body.getUint32(0),
    ntp: raw.body.getBigUint64(4),
    rtpTimestamp: raw.body.getUint32(12),
    packets: raw.body.getUint32(16),
    bytes: raw.body.getUint32(20),
    reports: readReports(raw, 24),
  };
}

/** Cameras have been seen to announce more blocks than they send: what is there is read. */
function readReports(raw: RawPacket, from: number): ReportBlock[] {
  const count = Math.min(raw.count, Math.floor((raw.body.byteLength - from) / 24));
  return Array.from({ length: count }, (_, i) => {
    const at = from + i * 24;
    return {
      ssrc: raw.body.getUint32(at),
      fractionLost: raw.body.getUint8(at + 4),
      totalLost: (raw.body.getInt32(at + 4) << 8) >> 8,
      highestSequence: raw.body.getUint32(at + 8),
      jitter: raw.body.getUint32(at + 12),
      lastReport: raw.body.getUint32(at + 16),
      delaySinceLastReport: raw.body.getUint32(at + 20),
    };
  });
}

function readSources(raw: RawPacket): { ssrc: number; cname: string }[] {
  const sources: { ssrc: number; cname: string }[] = [];
  const { body } = raw;
  let at = 0;
  for (let i = 0; i < raw.count && at + 4 <= body.byteLength; i++) {
    const ssrc = body.getUint32(at);
    let cname = "";
    at += 4;
    while (at < body.byteLength && body.getUint8(at) !== 0) {
      if (at + 2 > body.byteLength) throw new WireError("RTCP: cut inside an item");
      const length = body.getUint8(at + 1);
      need(body, at + 2 + length);
      const text = Buffer.from(body.buffer, body.byteOffset + at + 2, length);
      if (body.getUint8(at) === 1) cname = text.toString("utf8");
      at += 2 + length;
    }
    sources.push({ ssrc, cname });
    at = (Math.floor(at / 4) + 1) * 4;
  }
  return sources;
}

function readNack(body: DataView): RtcpPacket {
  need(body, 8);
  const sequences: number[] = [];
  const end = Math.min(body.byteLength, 8 + 4 * 256);
  for (let at = 8; at + 4 <= end; at += 4) {
    const first = body.getUint16(at);
    const mask = body.getUint16(at + 2);
    sequences.push(first);
    for (let bit = 0; bit < 16; bit++) if (mask & (1 << bit)) sequences.push((first + bit + 1) & 0xffff);
  }
  return { type: "nack", ssrc: body.getUint32(0), mediaSsrc: body.getUint32(4), sequences };
}

function readPayloadFeedback(raw: RawPacket): RtcpPacket | undefined {
  if (raw.count === 15) return readEstimate(raw.body);
  if (raw.count !== 1 && raw.count !== 4) return undefined;
  need(raw.body, raw.count === 1 ? 8 : 12);
  const ssrc = raw.body.getUint32(0);
  if (raw.count === 1) return { type: "picture-loss", ssrc, mediaSsrc: raw.body.getUint32(4) };
  return { type: "full-intra-request", ssrc, mediaSsrc: raw.body.getUint32(8) };
}

/** Application feedback of which only REMB is read: "REMB", a count, 6 bits of exponent and 18 of mantissa. */
function readEstimate(body: DataView): RtcpPacket | undefined {
  if (body.byteLength < 16 || body.getUint32(8) !== 0x52_45_4d_42) return undefined;
  const packed = body.getUint32(12) & 0xff_ffff;
  return { type: "receiver-estimate", ssrc: body.getUint32(0), bitrateBps: (packed & 0x3_ffff) * 2 ** (packed >> 18) };
}
