import { WireError } from "../../util/errors.ts";
import { BitReader, unescapeRbsp } from "../bit-reader.ts";

/** How the macroblocks of a slice are predicted: from the picture itself, from earlier ones, from earlier and later ones. */
export type SliceKind = "I" | "P" | "B";

/** Kind of a slice, header byte included (H.264 7.3.3, table 7-6); undefined for other units and what cannot be read. */
export function h264SliceKind(nal: Uint8Array): SliceKind | undefined {
  const type = (nal[0] ?? 0) & 0x1f;
  if (type !== 1 && type !== 2 && type !== 5) return undefined;
  try {
    const bits = new BitReader(unescapeRbsp(nal, 16), 1);
    bits.ue(); // first_mb_in_slice
    const kind = bits.ueMax(9, "H.264 slice_type") % 5;
    return kind === 1 ? "B" : kind === 2 || kind === 4 ? "I" : "P";
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
