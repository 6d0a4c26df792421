import { WireError } from "../../util/errors.ts";

/** Parameter sets and framing out of a decoder configuration record. */
export interface AvcC {
  /** Bytes of each length field in the stream: 1, 2 or 4. */
  readonly lengthSize: number;
  /** SPS then PPS units, without start codes; views. */
  readonly parameterSets: readonly Uint8Array[];
}

/** Reads an AVCDecoderConfigurationRecord, "avcC" (ISO 14496-15, 5.3.3.1). Throws WireError. */
export function parseAvcC(record: Uint8Array): AvcC {
  if (record.length < 7 || record[0] !== 1) throw new WireError("avcC: not a version 1 record");
  const parameterSets: Uint8Array[] = [];
  let at = readSets(record, { at: 6, count: record[5]! & 0x1f, into: parameterSets });
  if (at >= record.length) throw new WireError("avcC: cut before its PPS");
  at = readSets(record, { at: at + 1, count: record[at]!, into: parameterSets });
  return { lengthSize: (record[4]! & 3) + 1, parameterSets };
}

interface SetsRun {
  readonly at: number;
  readonly count: number;
  readonly into: Uint8Array[];
}

function readSets(record: Uint8Array, run: SetsRun): number {
  let at = run.at;
  for (let i = 0; i < run.count; i++) {
    if (at + 2 > record.length) throw new WireError("avcC: cut inside a length");
    const length = record[at]! * 256 + record[at + 1]!;
    at += 2;
    if (length > record.length - at) throw new WireError(`avcC: a set of ${length} bytes, ${record.length - at} left`);
    if (length > 0) run.into.push(record.subarray(at, at + length));
    at += length;
  }
  return at;
}
