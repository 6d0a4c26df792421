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

/**
 * AAC blocks out of `MP4A-LATM` packets (RFC 6416, 6): elements that may take several packets, the last one marked. The
 * configuration stands in the description (`cpresent=0`) or before each element.
 */
export function createLatmDepacketizer(fmtp: Readonly<Record<string, string>>): Depacketizer {
  const counters: DepacketizerCounters = { malformed: 0, oversized: 0 };
  const inBand = fmtp["cpresent"] !== undefined && fmtp["cpresent"] !== "0" && fmtp["config"] === undefined;
  let subFrames = inBand ? 1 : subFramesOf(fmtp["config"]);
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  let last: number | undefined;
  let gap = false;

  function element(packet: RtpPacket): RtpUnit[] {
    const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    const bits = new BitReader(all);
    if (inBand && !bits.flag()) {
      subFrames = readMuxConfig(bits).subFrames;
      if (bits.bits(3) !== 0) throw new WireError("LATM: frames of a fixed length");
      bits.skip(8); // latmBufferFullness
      if (bits.flag()) throw new WireError("LATM: other data");
      if (bits.flag()) bits.skip(8); // crcCheckSum
    }
    const units: RtpUnit[] = [];
    for (let i = 0; i < subFrames; i++) {
      let size = 0;
      let part: number;
      do {
        part = bits.bits(8);
        size += part;
      } while (part === 255);
      const data = new Uint8Array(Math.min(size, bits.left >> 3));
      if (data.length < size) throw new WireError("LATM: a block longer than its element");
      for (let at = 0; at < size; at++) data[at] = bits.bits(8);
      const timestamp = (packet.timestamp + i * samplesPerBlock) >>> 0;
      if (size > 0) units.push({ nals: [], data, timestamp, complete: true, gap: gap && i === 0 });
    }
    return units;
  }

  function drop(): void {
    pieces = [];
    bytes = 0;
  }

  return {
    counters,
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

function subFramesOf(config: string | undefined): number {
  try {
    return config && /^([0-9a-f]{2}){3,64}$/i.test(config) ? parseLatmConfig(Buffer.from(config, "hex")).subFrames : 1;
  } catch (error) {
    if (error instanceof WireError) return 1;
    throw error;
  }
}
