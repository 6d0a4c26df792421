import { WireError } from "../../util/errors.ts";
import { BitReader, unescapeRbsp } from "../bit-reader.ts";

/** How the macroblocks of a slice are predicted: from the picture itself, from earlier ones, from earlier and later ones. */
export type SliceKind = "I" | "P" | "B";

/** Kind of a slice, header byte included (H.264 7.3.3, table 7-6); undefined for other units and what cannot be read. */
export function h264SliceKind(nal: Uint8Array): SliceKind | undefined {
  const type = (nal[0] ?? 0) & 0x1f;
  if (type !== 1 && type !== 2 && type !== 5) return undefined;
  const first = firstSliceKind(nal[1] ?? 0);
  if (first !== undefined) return kindOf(first);
  try {
    const bits = new BitReader(unescapeRbsp(nal, 16), 1);
    bits.ue(); // first_mb_in_slice
    return kindOf(bits.ueMax(9, "H.264 slice_type"));
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function kindOf(sliceType: number): SliceKind {
  const kind = sliceType % 5;
  return kind === 1 ? "B" : kind === 2 || kind === 4 ? "I" : "P";
}

/** slice_type of a picture's first slice, which stands whole in the byte behind the header: first_mb_in_slice 0 is one bit. */
function firstSliceKind(byte: number): number | undefined {
  if (byte < 0x88 || byte > 0xff) return undefined;
  const code = byte & 0x7f;
  if (code >= 0x40) return 0;
  if (code >= 0x20) return (code >> 4) - 1;
  if (code >= 0x10) return (code >> 2) - 1;
  return code <= 0x0a ? code - 1 : undefined;
}
