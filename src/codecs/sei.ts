/** payloadType of a recovery point in both codecs (H.264 D.1.8, H.265 D.2.8). */
const recoveryPoint = 6;
const maxMessages = 32;

/**
 * Whether supplemental information holds a recovery point: decoding may start at its picture, and is right some pictures
 * later. `headerBytes` is the length of the unit's header.
 */
export function holdsRecoveryPoint(nal: Uint8Array, headerBytes: number): boolean {
  let at = headerBytes;
  for (let n = 0; n < maxMessages && at + 1 < nal.length; n++) {
    const type = number(nal, at);
    const size = number(nal, type.next);
    if (type.value === recoveryPoint && size.next < nal.length) return true;
    at = size.next + size.value;
  }
  return false;
}

/** A number as SEI writes it: 255 for each full 255, then the rest. */
function number(nal: Uint8Array, from: number): { readonly value: number; readonly next: number } {
  let at = from;
  let value = 0;
  while (nal[at] === 0xff) {
    value += 255;
    at++;
  }
  return { value: value + (nal[at] ?? 0), next: at + 1 };
}
