import { WireError } from "../util/errors.ts";

/** More NAL units than any sane access unit has; bounds memory before it is used. */
const maxNals = 8192;

/**
 * Index of the next `00 00 01` at or after `from`, or -1. A 4-byte start code is found at its second byte, so that its
 * first zero counts as trailing zero of what comes before (H.264 and H.265, annex B).
 */
export function findStartCode(data: Uint8Array, from = 0): number {
  const last = data.length - 3;
  let i = from;
  while (i <= last) {
    const third = data[i + 2]!;
    if (third > 1) i += 3;
    else if (third === 1 && data[i] === 0 && data[i + 1] === 0) return i;
    else i++;
  }
  return -1;
}

/** `data` from `start` to `end` without the zero bytes at its end: no NAL unit ends in zero (7.4.1). A view. */
export function trimNal(data: Uint8Array, start: number, end: number): Uint8Array {
  while (end > start && data[end - 1] === 0) end--;
  return data.subarray(start, end);
}

/**
 * NAL units of a piece of byte stream with 3- or 4-byte start codes (H.264 and H.265, annex B), as views. What stands
 * before the first start code is ignored. Throws WireError when there are more than 8192.
 */
export function splitAnnexB(data: Uint8Array): Uint8Array[] {
  const nals: Uint8Array[] = [];
  let code = findStartCode(data);
  while (code >= 0) {
    const next = findStartCode(data, code + 3);
    const nal = trimNal(data, code + 3, next < 0 ? data.length : next);
    if (nal.length > 0) nals.push(nal);
    if (nals.length > maxNals) throw new WireError(`Annex B: more than ${maxNals} NAL units`);
    code = next;
  }
  return nals;
}

/** One buffer of Annex B with a 4-byte start code before each NAL unit. */
export function joinAnnexB(nals: readonly Uint8Array[]): Uint8Array {
  return joinAnnexBInto(nals, newBytes);
}

/** So many bytes, whatever stands in them. */
export type TakeBytes = (length: number) => Uint8Array;

/** Bytes of their own. */
export const newBytes: TakeBytes = (length) => new Uint8Array(length);

/** The same as {@link joinAnnexB} in bytes that `take` gives. */
export function joinAnnexBInto(nals: readonly Uint8Array[], take: TakeBytes): Uint8Array {
  let length = 0;
  for (const nal of nals) length += 4 + nal.length;
  const joined = take(length);
  let at = 0;
  for (const nal of nals) {
    joined[at] = 0;
    joined[at + 1] = 0;
    joined[at + 2] = 0;
    joined[at + 3] = 1;
    joined.set(nal, at + 4);
    at += 4 + nal.length;
  }
  return joined;
}

/**
 * NAL units of AVCC or hvcC framing: each after its big-endian length of `lengthSize` bytes (1, 2 or 4; ISO 14496-15),
 * as views. Empty units are left out. Throws WireError unless the lengths add up exactly.
 */
export function fromLengthPrefixed(data: Uint8Array, lengthSize = 4): Uint8Array[] {
  const nals: Uint8Array[] = [];
  let at = 0;
  while (at < data.length) {
    if (at + lengthSize > data.length) throw new WireError("length-prefixed NAL: cut inside a length");
    let length = 0;
    for (let i = 0; i < lengthSize; i++) length = length * 256 + data[at + i]!;
    at += lengthSize;
    if (length > data.length - at) throw new WireError(`length-prefixed NAL: ${length} bytes of ${data.length - at}`);
    if (length > 0) nals.push(data.subarray(at, at + length));
    if (nals.length > maxNals) throw new WireError(`length-prefixed NAL: more than ${maxNals} units`);
    at += length;
  }
  return nals;
}
