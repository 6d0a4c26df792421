import { BitReader } from "../../codecs/bit-reader.ts";
import { WireError } from "../../util/errors.ts";
import type { RtpPacket } from "./packet.ts";
import type { Depacketizer, DepacketizerCounters, RtpUnit } from "./unit.ts";

const samplesPerBlock = 1024;
const maxElementBytes = 64 * 1024;

/** What a StreamMuxConfig says of the only stream in it (ISO 14496-3, 1.7.3). */
export interface LatmConfig {
  /** Blocks in each element. */
  readonly subFrames: number;
  /** AudioSpecificConfig, on a byte boundary. */
  readonly config: Uint8Array;
}

/** Reads a StreamMuxConfig of one program with one layer, as cameras send. Throws WireError for any other. */
export function parseLatmConfig(bytes: Uint8Array): LatmConfig {
  const bits = new BitReader(bytes.length > 64 ? bytes.subarray(0, 64) : bytes);
  return readMuxConfig(bits);
}

function readMuxConfig(bits: BitReader): LatmConfig {
  if (bits.flag()) throw new WireError("LATM: audioMuxVersion 1");
  if (!bits.flag()) throw new WireError("LATM: several time framings");
  const subFrames = bits.bits(6) + 1;
  if (bits.bits(4) !== 0 || bits.bits(3) !== 0) throw new WireError("LATM: several programs or layers");
  const config = new Uint8Array(2);
  for (let i = 0; i < config.length; i++) config[i] = bits.bits(8);
  return { subFrames, config };
}

/** Where the configuration stands: before the blocks of an element, or in the description. */
type Place = "element" | "description";

/** Bits that may be left behind the blocks of an element, to its last byte's end. */
const maxPadding = 7;

/**
 * AAC blocks out of `MP4A-LATM` packets (RFC 6416, 6): elements that may take several packets, the last one marked. The
 * configuration stands in the description (`cpresent=0`) or in the elements; where an element is not what the description
 * says and is whole in the other way, that way counts.
 */
export function createLatmDepacketizer(fmtp: Readonly<Record<string, string>>): Depacketizer {
  const counters: DepacketizerCounters = { malformed: 0, oversized: 0 };
  const subFrames = { description: subFramesOf(fmtp["config"]), element: 1 };
  let place: Place = fmtp["cpresent"] === "0" || fmtp["config"] !== undefined ? "description" : "element";
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  let last: number | undefined;
  let gap = false;

  function element(packet: RtpPacket): RtpUnit[] {
    const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    return blocksOf(all).flatMap((data, i) => {
      const timestamp = (packet.timestamp + i * samplesPerBlock) >>> 0;
      return data.length > 0 ? [{ nals: [], data, timestamp, complete: true, gap: gap && i === 0 }] : [];
    });
  }

  function blocksOf(all: Uint8Array): Uint8Array[] {
    const other = place === "element" ? "description" : "element";
    const declared = tryRead(all, place);
    if (declared?.whole) return declared.blocks;
    const instead = tryRead(all, other);
    if (instead?.whole) {
      place = other;
      return instead.blocks;
    }
    if (!declared) throw new WireError("LATM: no element");
    return declared.blocks;
  }

  function tryRead(
    all: Uint8Array,
    from: Place,
  ): { readonly blocks: Uint8Array[]; readonly whole: boolean } | undefined {
    const before = subFrames.element;
    try {
      const bits = new BitReader(all);
      if (from === "element" && !bits.flag()) subFrames.element = readElementConfig(bits);
      const blocks = Array.from({ length: subFrames[from] }, () => readBlock(bits));
      const whole = bits.left <= maxPadding;
      if (!whole) subFrames.element = before;
      return { blocks, whole };
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      subFrames.element = before;
      return undefined;
    }
  }

  function drop(): void {
    pieces = [];
    bytes = 0;
  }

  return {
    counters,
    borrows: false,
    push: (packet) => {
      const lost = last !== undefined && packet.sequence !== ((last + 1) & 0xffff);
      last = packet.sequence;
      if (lost) drop();
      gap ||= lost;
      pieces.push(packet.payload);
      bytes += packet.payload.length;
      if (bytes > maxElementBytes) {
        counters.oversized++;
        drop();
      }
      if (!packet.marker) return [];
      try {
        return element(packet);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        counters.malformed++;
        return [];
      } finally {
        drop();
        gap = false;
      }
    },
    spoil: drop,
    flush: () => {
      drop();
      return [];
    },
  };
}

/** Reads the StreamMuxConfig before the blocks of an element; gives how many there are. */
function readElementConfig(bits: BitReader): number {
  const { subFrames } = readMuxConfig(bits);
  if (bits.bits(3) !== 0) throw new WireError("LATM: frames of a fixed length");
  bits.skip(8); // latmBufferFullness
  if (bits.flag()) throw new WireError("LATM: other data");
  if (bits.flag()) bits.skip(8); // crcCheckSum
  return subFrames;
}

function readBlock(bits: BitReader): Uint8Array {
  let size = 0;
  let part: number;
  do {
    part = bits.bits(8);
    size += part;
  } while (part === 255);
  if (size > bits.left >> 3) throw new WireError("LATM: a block longer than its element");
  const data = new Uint8Array(size);
  for (let at = 0; at < size; at++) data[at] = bits.bits(8);
  return data;
}

function subFramesOf(config: string | undefined): number {
  try {
    return config && /^([0-9a-f]{2}){3,64}$/i.test(config) ? parseLatmConfig(Buffer.from(config, "hex")).subFrames : 1;
  } catch (error) {
    if (error instanceof WireError) return 1;
    throw error;
  }
}
