/** H.264 (ITU-T H.264, ISO 14496-10): what a hub needs to know of it. */
export { parseAvcC } from "./avcc.ts";
export { h264SliceKind, type SliceKind } from "./slice.ts";
export { type H264Sps, parseH264Sps } from "./sps.ts";

/** NAL unit types (H.264, table 7-1) that are looked at. */
export const h264Type = {
  slice: 1,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  aud: 9,
  endOfSequence: 10,
  endOfStream: 11,
  filler: 12,
} as const;

/** nal_unit_type: the low five bits of the first byte. 0 for an empty unit. */
export function h264NalType(nal: Uint8Array): number {
  return (nal[0] ?? 0) & 0x1f;
}

/** True for units that carry picture data. */
export function isH264Slice(nal: Uint8Array): boolean {
  const type = h264NalType(nal);
  return type >= 1 && type <= 5;
}

/** True when decoding may start at this access unit: it holds an IDR slice. */
export function isH264Key(nals: readonly Uint8Array[]): boolean {
  return nals.some((nal) => h264NalType(nal) === h264Type.idr);
}

/**
 * True when `nal` cannot belong to an access unit that already has a picture (7.4.1.2.3): a delimiter, parameter sets,
 * SEI, or a slice that starts at macroblock 0.
 */
export function startsH264Unit(nal: Uint8Array): boolean {
  const type = h264NalType(nal);
  if (type === 1 || type === 2 || type === 5) return ((nal[1] ?? 0) & 0x80) !== 0;
  return (type >= 6 && type <= 9) || (type >= 14 && type <= 18);
}
