import { BitReader } from "../../codecs/bit-reader.ts";
import { WireError } from "../../util/errors.ts";
import type { RtpPacket } from "./packet.ts";
import type { Depacketizer, DepacketizerCounters, RtpUnit } from "./unit.ts";

const samplesPerBlock = 1024;
const maxBlocks = 64;

interface HeaderWidths {
  readonly size: number;
  readonly index: number;
  readonly delta: number;
}

interface Fragment {
  readonly timestamp: number;
  readonly size: number;
  readonly pieces: Uint8Array[];
  bytes: number;
}

/**
 * AAC blocks out of `mpeg4-generic` packets (RFC 3640; AAC-hbr 13/3/3 unless `fmtp` says otherwise). Several blocks in
 * one packet follow each other by 1024 samples; one block over several packets is joined, and dropped when a piece is
 * missing.
 */
export function createAacDepacketizer(fmtp: Readonly<Record<string, string>>): Depacketizer {
  const widths = {
    size: width(fmtp["sizelength"], 13),
    index: width(fmtp["indexlength"], 3),
    delta: width(fmtp["indexdeltalength"], 3),
  };
  const counters: DepacketizerCounters = { malformed: 0, oversized: 0 };
  let last: number | undefined;
  let fragment: Fragment | undefined;

  function take(packet: RtpPacket, gap: boolean): RtpUnit[] {
    const { sizes, body } = readHeaders(packet.payload, widths);
    if (sizes.length === 1 && sizes[0]! > body.length) return joinFragment(packet, { size: sizes[0]!, body, gap });
    fragment = undefined;
    const units: RtpUnit[] = [];
    let at = 0;
    for (const [i, size] of sizes.entries()) {
      if (size > body.length - at) throw new WireError("AAC: a block longer than its packet");
      const timestamp = (packet.timestamp + i * samplesPerBlock) >>> 0;
      if (size > 0) units.push(soundUnit(body.subarray(at, at + size), { timestamp, gap: gap && i === 0 }));
      at += size;
    }
    return units;
  }

  function joinFragment(packet: RtpPacket, piece: { size: number; body: Uint8Array; gap: boolean }): RtpUnit[] {
    const { timestamp } = packet;
    if (fragment?.timestamp !== timestamp || piece.gap)
      fragment = { timestamp, size: piece.size, pieces: [], bytes: 0 };
    fragment.pieces.push(piece.body);
    fragment.bytes += piece.body.length;
    if (fragment.bytes < fragment.size) return [];
    const { bytes, size, pieces } = fragment;
    fragment = undefined;
    if (bytes !== size) throw new WireError("AAC: pieces do not add up");
    return [soundUnit(Buffer.concat(pieces), { timestamp, gap: piece.gap })];
  }

  return {
    counters,
    push: (packet) => {
      const gap = last !== undefined && packet.sequence !== ((last + 1) & 0xffff);
      last = packet.sequence;
      try {
        return take(packet, gap);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        counters.malformed++;
        return [];
      }
    },
    spoil: () => {
      fragment = undefined;
    },
    flush: () => {
      fragment = undefined;
      return [];
    },
  };
}

function width(value: string | undefined, fallback: number): number {
  const bits = Number(value ?? fallback);
  return Number.isInteger(bits) && bits >= 0 && bits <= 16 ? bits : fallback;
}

function soundUnit(data: Uint8Array, unit: { timestamp: number; gap: boolean }): RtpUnit {
  return { nals: [], data, timestamp: unit.timestamp, complete: true, gap: unit.gap };
}

/** Sizes of the blocks, and the bytes that hold them (RFC 3640, 3.2.1). */
function readHeaders(payload: Uint8Array, widths: HeaderWidths): { sizes: number[]; body: Uint8Array } {
  if (payload.length < 2) throw new WireError("AAC: packet too short");
  const headerBits = payload[0]! * 256 + payload[1]!;
  const bodyAt = 2 + Math.ceil(headerBits / 8);
  if (bodyAt > payload.length) throw new WireError("AAC: headers longer than the packet");
  const bits = new BitReader(payload.subarray(2, bodyAt));
  const sizes: number[] = [];
  let left = headerBits;
  while (left >= widths.size + (sizes.length === 0 ? widths.index : widths.delta) && widths.size > 0) {
    const indexBits = sizes.length === 0 ? widths.index : widths.delta;
    sizes.push(bits.bits(widths.size));
    bits.skip(indexBits);
    left -= widths.size + indexBits;
    if (sizes.length > maxBlocks) throw new WireError(`AAC: more than ${maxBlocks} blocks in a packet`);
  }
  return { sizes, body: payload.subarray(bodyAt) };
}
