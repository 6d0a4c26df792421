import { WireError } from "../../util/errors.ts";

/** Parameter sets and framing out of a decoder configuration record. */
export interface HvcC {
  /** Bytes of each length field in the stream: 1, 2 or 4. */
  readonly lengthSize: number;
  /** VPS, SPS, PPS (and SEI) units as the record orders them, without start codes; views. */
  readonly parameterSets: readonly Uint8Array[];
}

/** Reads an HEVCDecoderConfigurationRecord, "hvcC" (ISO 14496-15, 8.3.3.1). Throws WireError. */
export function parseHvcC(record: Uint8Array): HvcC {
  if (record.length < 23 || record[0]! > 1) throw new WireError("hvcC: not a version 1 record");
  const parameterSets: Uint8Array[] = [];
  let at = 23;
  for (let array = 0; array < record[22]!; array++) {
    if (at + 3 > record.length) throw new WireError("hvcC: cut before an array");
    const count = record[at + 1]! * 256 + record[at + 2]!;
    if (count > 64) throw new WireError(`hvcC: ${count} units of one type`);
    at += 3;
    for (let i = 0; i < count; i++) {
      if (at + 2 > record.length) throw new WireError("hvcC: cut inside a length");
      const length = record[at]! * 256 + record[at + 1]!;
      at += 2;
      if (length > record.length - at)
        throw new WireError(`hvcC: a unit of ${length} bytes, ${record.length - at} left`);
      if (length > 0) parameterSets.push(record.subarray(at, at + length));
      at += length;
    }
  }
  return { lengthSize: (record[21]! & 3) + 1, parameterSets };
}
