/** H.265 (ITU-T H.265, ISO 23008-2): what a hub needs to know of it. */
export { parseHvcC } from "./hvcc.ts";
export { type H265Sps, parseH265Sps } from "./sps.ts";

/** NAL unit types (H.265, table 7-1) that are looked at. */
export const h265Type = {
  blaFirst: 16,
  idrWithRadl: 19,
  idr: 20,
  cra: 21,
  vps: 32,
  sps: 33,
  pps: 34,
  aud: 35,
  filler: 38,
  prefixSei: 39,
} as const;

/** nal_unit_type: six bits of the first byte. 0 for an empty unit. */
export function h265NalType(nal: Uint8Array): number {
  return ((nal[0] ?? 0) >> 1) & 0x3f;
}

/** True for units that carry picture data. */
export function isH265Slice(nal: Uint8Array): boolean {
  return nal.length > 0 && h265NalType(nal) < 32;
}

/** True for a picture that is decoded behind a key picture but shown before it: RADL or RASL (types 6 to 9). */
export function isH265Leading(nal: Uint8Array): boolean {
  const type = h265NalType(nal);
  return nal.length > 0 && type >= 6 && type <= 9;
}

/** True when decoding may start at this access unit: BLA, IDR or CRA (types 16 to 21). */
export function isH265Key(nals: readonly Uint8Array[]): boolean {
  return nals.some((nal) => {
    const type = h265NalType(nal);
    return type >= h265Type.blaFirst && type <= h265Type.cra;
  });
}

/**
 * True when `nal` cannot belong to an access unit that already has a picture (7.4.2.4.4): parameter sets, delimiter,
 * prefix SEI, reserved and unspecified types of that range, or the first slice segment of a picture.
 */
export function startsH265Unit(nal: Uint8Array): boolean {
  const type = h265NalType(nal);
  if (type < 32) return ((nal[2] ?? 0) & 0x80) !== 0;
  return (type >= 32 && type <= 35) || type === 39 || (type >= 41 && type <= 44) || (type >= 48 && type <= 55);
}
