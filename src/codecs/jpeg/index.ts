import { WireError } from "../../util/errors.ts";
import { usualHuffmanTables } from "./tables.ts";

export { quantizationTables, usualHuffmanTables } from "./tables.ts";

const marker = { sof0: 0xc0, sof2: 0xc2, dht: 0xc4, soi: 0xd8, eoi: 0xd9, sos: 0xda, dqt: 0xdb, dri: 0xdd } as const;

/** What a JPEG's header says. */
export interface JpegHeader {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Of baseline pictures in colour: how the colours are sampled; undefined for any other picture. */
  readonly sampling: "4:2:0" | "4:2:2" | undefined;
  /** Tables of 8 bits by number, 64 bytes each. */
  readonly quantization: ReadonlyMap<number, Uint8Array>;
  /** Number of the table of brightness and of colours. */
  readonly tables: readonly [number, number];
  /** Coded with {@link usualHuffmanTables}, or brings none. */
  readonly usualHuffman: boolean;
  /** Units between restart markers; 0 for none. */
  readonly restartInterval: number;
  /** Where the coded picture begins. */
  readonly scanAt: number;
}

interface Reading {
  sizePx: readonly [number, number] | undefined;
  sampling: JpegHeader["sampling"];
  tables: readonly [number, number];
  restartInterval: number;
  readonly quantization: Map<number, Uint8Array>;
  readonly huffman: Uint8Array[];
}

/** Reads a JPEG up to its coded picture (ITU-T T.81, annex B). Throws WireError for what is none. */
export function readJpeg(bytes: Uint8Array): JpegHeader {
  const reading: Reading = {
    ...{ sizePx: undefined, sampling: undefined, tables: [0, 1], restartInterval: 0 },
    ...{ quantization: new Map(), huffman: [] },
  };
  if (bytes[0] !== 0xff || bytes[1] !== marker.soi) throw new WireError("JPEG: does not begin as one");
  for (let at = 2; at + 4 <= bytes.length; ) {
    const kind = bytes[at + 1]!;
    const end = at + 2 + ((bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (bytes[at] !== 0xff || end > bytes.length || end < at + 4) throw new WireError("JPEG: broken header");
    take(reading, kind, bytes.subarray(at + 4, end));
    if (kind === marker.sos) return finished(reading, end);
    at = end;
  }
  throw new WireError("JPEG: no picture in it");
}

function take(reading: Reading, kind: number, body: Uint8Array): void {
  if (kind === marker.dqt) takeQuantization(reading.quantization, body);
  else if (kind === marker.dht) reading.huffman.push(body);
  else if (kind === marker.dri && body.length >= 2) reading.restartInterval = (body[0]! << 8) | body[1]!;
  else if (kind >= marker.sof0 && kind <= marker.sof2 && body.length >= 6) takeSize(reading, kind, body);
}

function takeSize(reading: Reading, kind: number, body: Uint8Array): void {
  reading.sizePx = [(body[3]! << 8) | body[4]!, (body[1]! << 8) | body[2]!];
  if (kind !== marker.sof0 || body[0] !== 8 || body[5] !== 3 || body.length < 15) return;
  reading.tables = [body[8]!, body[11]!];
  const colours = body[10] === 0x11 && body[13] === 0x11 && body[11] === body[14];
  if (colours && body[7] === 0x22) reading.sampling = "4:2:0";
  if (colours && body[7] === 0x21) reading.sampling = "4:2:2";
}

function takeQuantization(tables: Map<number, Uint8Array>, body: Uint8Array): void {
  for (let at = 0; at < body.length; at += 65) {
    const head = body[at]!;
    if (head > 3) return; // 16 bits: not of baseline
    if (at + 65 > body.length) throw new WireError("JPEG: a table is cut");
    tables.set(head, body.subarray(at + 1, at + 65));
  }
}

function finished({ sizePx, huffman, ...rest }: Reading, scanAt: number): JpegHeader {
  if (!sizePx) throw new WireError("JPEG: no size");
  const usual = huffman.length === 0 || Buffer.compare(sorted(huffman), sorted([usualHuffmanTables])) === 0;
  return { ...rest, widthPx: sizePx[0], heightPx: sizePx[1], usualHuffman: usual, scanAt };
}

/** The tables of all segments by their numbers, however they were put into segments. */
function sorted(segments: readonly Uint8Array[]): Buffer {
  const tables: Uint8Array[] = [];
  for (const body of segments) {
    for (let at = 0; at + 17 <= body.length; ) {
      const values = body.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0);
      tables.push(body.subarray(at, at + 17 + values));
      at += 17 + values;
    }
  }
  return Buffer.concat(tables.toSorted((a, b) => a[0]! - b[0]!));
}

/** A baseline picture, as {@link writeJpeg} makes a file of it. */
export interface JpegPicture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly sampling: "4:2:0" | "4:2:2";
  /** For brightness and for colours, 64 bytes each. */
  readonly quantization: Uint8Array;
  readonly restartInterval: number;
  /** The coded picture, with the usual Huffman tables. */
  readonly scan: readonly Uint8Array[];
}

/** A JPEG file of a coded picture. */
export function writeJpeg(picture: JpegPicture): Uint8Array {
  const { widthPx, heightPx, sampling, quantization, restartInterval } = picture;
  const word = (value: number) => [value >> 8, value & 0xff];
  const tables = [0, 1].flatMap((n) => [n, ...quantization.subarray(n * 64, n * 64 + 64)]);
  const luma = sampling === "4:2:0" ? 0x22 : 0x21;
  const last = picture.scan.at(-1);
  const ends = last !== undefined && last.at(-2) === 0xff && last.at(-1) === marker.eoi;
  return Buffer.concat([
    Uint8Array.of(0xff, marker.soi),
    segment(marker.dqt, tables),
    ...(restartInterval > 0 ? [segment(marker.dri, word(restartInterval))] : []),
    segment(marker.sof0, [8, ...word(heightPx), ...word(widthPx), 3, 1, luma, 0, 2, 0x11, 1, 3, 0x11, 1]),
    segment(marker.dht, usualHuffmanTables),
    segment(marker.sos, [3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0]),
    ...picture.scan,
    ...(ends ? [] : [Uint8Array.of(0xff, marker.eoi)]),
  ]);
}

function segment(kind: number, body: ArrayLike<number>): Uint8Array {
  const length = body.length + 2;
  return Uint8Array.from([0xff, kind, length >> 8, length & 0xff, ...Array.from(body)]);
}
