import type { ReportBlock, RtcpPacket } from "./rtcp.ts";

/** A compound packet of these, in order (RFC 3550, 6.1). At most 31 blocks or sources each, names of 255 bytes. */
export function serializeRtcp(packets: readonly RtcpPacket[]): Uint8Array {
  return Buffer.concat(packets.map(writePacket));
}

function writePacket(packet: RtcpPacket): Buffer {
  switch (packet.type) {
    case "sender-report": {
      const ntp = Buffer.alloc(8);
      ntp.writeBigUInt64BE(packet.ntp & 0xffff_ffff_ffff_ffffn);
      const reports = packet.reports.slice(0, 31);
      const counts = words(packet.rtpTimestamp, packet.packets, packet.bytes);
      return frame(200, reports.length, [words(packet.ssrc), ntp, counts, ...reports.map(writeReport)]);
    }
    case "receiver-report": {
      const reports = packet.reports.slice(0, 31);
      return frame(201, reports.length, [words(packet.ssrc), ...reports.map(writeReport)]);
    }
    case "source-description": {
      const sources = packet.sources.slice(0, 31);
      return frame(202, sources.length, sources.map(writeSource));
    }
    case "goodbye": {
      const ssrcs = packet.ssrcs.slice(0, 31);
      return frame(203, ssrcs.length, [words(...ssrcs)]);
    }
    case "nack":
      return frame(205, 1, [words(packet.ssrc, packet.mediaSsrc), ...nackPairs(packet.sequences)]);
    case "picture-loss":
      return frame(206, 1, [words(packet.ssrc, packet.mediaSsrc)]);
    case "full-intra-request":
      return frame(206, 4, [words(packet.ssrc, 0, packet.mediaSsrc, ((packet.sequence ?? 0) & 0xff) << 24)]);
    case "receiver-estimate": {
      const exponent = Math.max(0, Math.ceil(Math.log2((packet.bitrateBps + 1) / 2 ** 18)));
      const mantissa = Math.floor(packet.bitrateBps / 2 ** exponent);
      return frame(206, 15, [words(packet.ssrc, 0, 0x52_45_4d_42, exponent * 2 ** 18 + mantissa)]);
    }
  }
}

function frame(type: number, count: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.from([0x80 | count, type, 0, 0]);
  head.writeUInt16BE(body.length / 4, 2);
  return Buffer.concat([head, body]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, i * 4);
  return bytes;
}

function writeReport(block: ReportBlock): Buffer {
  const lost = ((block.fractionLost & 0xff) << 24) | (block.totalLost & 0xff_ffff);
  return words(block.ssrc, lost, block.highestSequence, block.jitter, block.lastReport, block.delaySinceLastReport);
}

function writeSource(source: { readonly ssrc: number; readonly cname: string }): Buffer {
  const name = Buffer.from(source.cname, "utf8").subarray(0, 255);
  const items = Buffer.concat([Buffer.from([1, name.length]), name]);
  const padding = Buffer.alloc(4 - (items.length % 4));
  return Buffer.concat([words(source.ssrc), items, padding]);
}

/** Sequence numbers as first-and-mask pairs (RFC 4585, 6.2.1). */
function nackPairs(sequences: readonly number[]): Buffer[] {
  const pairs: Buffer[] = [];
  let left = [...new Set(sequences)];
  while (left.length > 0) {
    const first = left[0]!;
    let mask = 0;
    const rest: number[] = [];
    for (const sequence of left.slice(1)) {
      const ahead = (sequence - first) & 0xffff;
      if (ahead >= 1 && ahead <= 16) mask |= 1 << (ahead - 1);
      else rest.push(sequence);
    }
    pairs.push(words(((first << 16) | mask) >>> 0));
    left = rest;
  }
  return pairs;
}
