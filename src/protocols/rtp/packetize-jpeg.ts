import { readJpeg } from "../../codecs/jpeg/index.ts";
import { WireError } from "../../util/errors.ts";
import type { RtpPayload } from "./payload.ts";

/** Tables go along with each picture. */
const ownTables = 255;

/**
 * A JPEG file as RTP payloads (RFC 2435): baseline, 4:2:0 or 4:2:2, the usual Huffman tables, at most 2040 pixels in either
 * direction, which is what the RFC can say. Throws WireError for any other.
 */
export function packetizeJpeg(file: Uint8Array, maxBytes: number): RtpPayload[] {
  const { widthPx, heightPx, sampling, quantization, tables, usualHuffman, restartInterval, scanAt } = readJpeg(file);
  const [luma, chroma] = [quantization.get(tables[0]), quantization.get(tables[1])];
  if (!sampling || !usualHuffman || !luma || !chroma || Math.max(widthPx, heightPx) > 2040) {
    throw new WireError("JPEG: a kind of picture that RTP cannot carry");
  }
  const type = (sampling === "4:2:0" ? 1 : 0) + (restartInterval > 0 ? 64 : 0);
  const scan = withoutEnd(file.subarray(scanAt));
  const size = [Math.ceil(widthPx / 8), Math.ceil(heightPx / 8)];
  // Pieces may begin anywhere: F and L say so, with a count of 0x3fff.
  const restart = restartInterval > 0 ? [restartInterval >> 8, restartInterval & 0xff, 0xff, 0xff] : [];
  const payloads: RtpPayload[] = [];
  for (let at = 0; at === 0 || at < scan.length; ) {
    const head = [0, at >> 16, (at >> 8) & 0xff, at & 0xff, type, ownTables, ...size, ...restart];
    const extra = at === 0 ? [0, 0, 0, 128, ...luma, ...chroma] : [];
    const room = maxBytes - head.length - extra.length;
    const piece = scan.subarray(at, at + room);
    at += piece.length;
    payloads.push({
      payload: Buffer.concat([Uint8Array.from(head), Uint8Array.from(extra), piece]),
      marker: at >= scan.length,
      timestampOffset: 0,
    });
    if (piece.length === 0) break;
  }
  return payloads;
}

function withoutEnd(scan: Uint8Array): Uint8Array {
  return scan.at(-2) === 0xff && scan.at(-1) === 0xd9 ? scan.subarray(0, -2) : scan;
}
