/** Longer than parameter sets and SEI are. */
const longestBytes = 4096;

/**
 * A unit without picture data (parameter set, SEI) and the length-prefixed pack behind it: a hook that cannot convert a
 * big AVCC pack sends it as it is, so that it seems to belong to the unit before. The seam is where a 4-byte length
 * says exactly what is left. Views; undefined when `nal` is short enough to be one such unit, or has no seam.
 */
export function splitGluedPack(nal: Uint8Array): { readonly set: Uint8Array; readonly pack: Uint8Array } | undefined {
  if (nal.length <= longestBytes) return undefined;
  const view = new DataView(nal.buffer, nal.byteOffset, nal.byteLength);
  for (let at = 2; at < longestBytes; at++) {
    if (nal[at] === 0 && view.getUint32(at) === nal.length - at - 4) {
      return { set: nal.subarray(0, at), pack: nal.subarray(at + 4) };
    }
  }
  return undefined;
}
