import { readAdts } from "../../codecs/aac/index.ts";
import { BitReader } from "../../codecs/bit-reader.ts";
import { WireError } from "../../util/errors.ts";
import type { RtpPacket } from "./packet.ts";
import type { QuirkCode } from "./quirks.ts";
import type { Depacketizer, DepacketizerCounters, RtpUnit } from "./unit.ts";

const samplesPerBlock = 1024;
const maxBlocks = 64;

interface HeaderWidths {
  readonly size: number;
  readonly index: number;
  readonly delta: number;
}

/** How a camera puts blocks into packets: with headers (RFC 3640), as ADTS frames, or one bare block in each packet. */
type Dialect = "unknown" | "headers" | "adts" | "bare";

interface Fragment {
  readonly timestamp: number;
  readonly size: number;
  readonly pieces: Uint8Array[];
  bytes: number;
}

/** Blocks in one packet and the bytes that hold them. */
interface Blocks {
  readonly sizes: readonly number[];
  readonly body: Uint8Array;
}

/** Options of {@link createAacDepacketizer}. */
export interface AacDepacketizerOptions {
  readonly fmtp: Readonly<Record<string, string>>;
  readonly onQuirk?: (quirk: QuirkCode) => void;
}

/**
 * AAC blocks out of `mpeg4-generic` packets (RFC 3640; the widths of AAC-hbr, or AAC-lbr, unless `fmtp` says otherwise).
 * Several blocks in one packet follow each other by 1024 samples; one block over several packets is joined, and dropped
 * when a piece is missing. Cameras also send ADTS frames, bare blocks, and headers whose length is in bytes.
 */
export function createAacDepacketizer(options: AacDepacketizerOptions): Depacketizer {
  return new AacDepacketizer(options);
}

class AacDepacketizer implements Depacketizer {
  readonly counters: DepacketizerCounters = { malformed: 0, oversized: 0 };
  readonly borrows = false;
  #dialect: Dialect = "unknown";
  #last: number | undefined;
  #fragment: Fragment | undefined;
  readonly #widths: HeaderWidths;
  /** `fmtp` promises headers. */
  readonly #promised: boolean;
  readonly #onQuirk: (quirk: QuirkCode) => void;

  constructor({ fmtp, onQuirk }: AacDepacketizerOptions) {
    const low = /^aac-lbr$/i.test(fmtp["mode"] ?? "");
    this.#widths = {
      size: width(fmtp["sizelength"], low ? 6 : 13),
      index: width(fmtp["indexlength"], low ? 2 : 3),
      delta: width(fmtp["indexdeltalength"], low ? 2 : 3),
    };
    this.#promised = fmtp["sizelength"] !== undefined;
    this.#onQuirk = onQuirk ?? (() => {});
  }

  push(packet: RtpPacket): RtpUnit[] {
    const gap = this.#last !== undefined && packet.sequence !== ((this.#last + 1) & 0xffff);
    this.#last = packet.sequence;
    try {
      return this.#take(packet, gap);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.counters.malformed++;
      return [];
    }
  }

  spoil(): void {
    this.#fragment = undefined;
  }

  flush(): RtpUnit[] {
    this.#fragment = undefined;
    return [];
  }

  #take(packet: RtpPacket, gap: boolean): RtpUnit[] {
    const adts = this.#dialect === "headers" || this.#dialect === "bare" ? undefined : readAdtsFrames(packet.payload);
    if (adts) {
      if (this.#dialect !== "adts") this.#onQuirk("aac-adts");
      this.#dialect = "adts";
      return units(adts, { packet, gap });
    }
    if (this.#dialect === "adts") throw new WireError("AAC: no ADTS frame");
    if (this.#dialect === "bare") return units([packet.payload], { packet, gap });
    const blocks = readBlocks(packet.payload, this.#widths);
    const whole = packet.marker && !this.#fragment && !gap;
    if (blocks?.sizes.length === 1 && blocks.sizes[0]! > blocks.body.length && !whole) {
      return this.#joinFragment(packet, { size: blocks.sizes[0]!, body: blocks.body, gap });
    }
    this.#fragment = undefined;
    if (blocks) {
      this.#dialect = "headers";
      return units(cut(blocks), { packet, gap });
    }
    if (this.#dialect === "headers" || this.#promised) throw new WireError("AAC: headers that do not fit the packet");
    this.#dialect = "bare";
    this.#onQuirk("aac-bare");
    return units([packet.payload], { packet, gap });
  }

  #joinFragment(packet: RtpPacket, piece: { size: number; body: Uint8Array; gap: boolean }): RtpUnit[] {
    const { timestamp } = packet;
    if (this.#fragment?.timestamp !== timestamp || piece.gap) {
      this.#fragment = { timestamp, size: piece.size, pieces: [], bytes: 0 };
    }
    const fragment = this.#fragment;
    fragment.pieces.push(piece.body);
    fragment.bytes += piece.body.length;
    if (fragment.bytes < fragment.size) return [];
    this.#fragment = undefined;
    if (fragment.bytes !== fragment.size) throw new WireError("AAC: pieces do not add up");
    return units([Buffer.concat(fragment.pieces)], { packet, gap: piece.gap });
  }
}

function width(value: string | undefined, fallback: number): number {
  const bits = Number(value ?? fallback);
  return Number.isInteger(bits) && bits >= 0 && bits <= 16 ? bits : fallback;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Units of the blocks of one packet; an empty block stands for its time only. */
function units(
  blocks: readonly Uint8Array[],
  context: { readonly packet: RtpPacket; readonly gap: boolean },
): RtpUnit[] {
  return blocks.flatMap((data, i) => {
    const timestamp = (context.packet.timestamp + i * samplesPerBlock) >>> 0;
    return data.length === 0 ? [] : [{ nals: [], data, timestamp, complete: true, gap: context.gap && i === 0 }];
  });
}

function cut({ sizes, body }: Blocks): Uint8Array[] {
  let at = 0;
  return sizes.map((size) => {
    at += size;
    return body.subarray(at - size, at);
  });
}

/** The blocks of ADTS frames that fill the payload; undefined for anything else. */
function readAdtsFrames(payload: Uint8Array): Uint8Array[] | undefined {
  if (payload[0] !== 0xff || ((payload[1] ?? 0) & 0xf6) !== 0xf0) return undefined;
  const blocks: Uint8Array[] = [];
  try {
    for (let at = 0; at < payload.length; ) {
      const frame = readAdts(payload.subarray(at));
      if (!frame || blocks.length >= maxBlocks) break;
      blocks.push(frame.block);
      at += frame.length;
    }
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
  return blocks.length > 0 ? blocks : undefined;
}

/**
 * Sizes of the blocks, and the bytes that hold them (RFC 3640, 3.2.1). The length of the headers is in bits; where that
 * does not fit the packet it is tried as bytes. Undefined when nothing fits.
 */
function readBlocks(payload: Uint8Array, widths: HeaderWidths): Blocks | undefined {
  if (payload.length < 2) throw new WireError("AAC: packet too short");
  const said = payload[0]! * 256 + payload[1]!;
  const asSaid = readHeaders(payload, { bits: said, widths });
  if (asSaid && fits(asSaid, 0)) return asSaid;
  const inBytes = readHeaders(payload, { bits: said * 8, widths });
  if (inBytes && fits(inBytes, 0)) return inBytes;
  const filled = asSaid !== undefined && asSaid.sizes.length > 0 && sum(asSaid.sizes) < asSaid.body.length;
  const piece = asSaid?.sizes.length === 1 && asSaid.body.length > 0 && asSaid.sizes[0]! < 8192;
  return (filled && fits(asSaid, 8)) || piece ? asSaid : undefined;
}

/** Whether the blocks fill the body but for some bytes. */
function fits({ sizes, body }: Blocks, filling: number): boolean {
  const left = body.length - sum(sizes);
  return sizes.length > 0 && left >= 0 && left <= filling;
}

function readHeaders(
  payload: Uint8Array,
  headers: { readonly bits: number; readonly widths: HeaderWidths },
): Blocks | undefined {
  const { widths } = headers;
  const bodyAt = 2 + Math.ceil(headers.bits / 8);
  if (bodyAt > payload.length || widths.size === 0) return undefined;
  const bits = new BitReader(payload.subarray(2, bodyAt));
  const sizes: number[] = [];
  let left = headers.bits;
  while (left >= widths.size + (sizes.length === 0 ? widths.index : widths.delta)) {
    const indexBits = sizes.length === 0 ? widths.index : widths.delta;
    sizes.push(bits.bits(widths.size));
    bits.skip(indexBits);
    left -= widths.size + indexBits;
    if (sizes.length > maxBlocks) return undefined;
  }
  return { sizes, body: payload.subarray(bodyAt) };
}
