import type { RtpPayload } from "./payload.ts";

/** Blocks of one byte per clock tick (G.711; G.722, whose clock of 8000 counts bytes). */
export function packetizeSamples(frame: Uint8Array, maxBytes: number): RtpPayload[] {
  const payloads: RtpPayload[] = [];
  for (let at = 0; at < frame.length; at += maxBytes) {
    payloads.push({ payload: frame.subarray(at, at + maxBytes), marker: false, timestampOffset: at });
  }
  return payloads;
}

/** PCM as L16: network byte order. Mono; with more channels no block may exceed one packet. */
export function packetizeL16(frame: Uint8Array, maxBytes: number): RtpPayload[] {
  const swapped = swapBytes(frame);
  const step = maxBytes - (maxBytes % 2);
  const payloads: RtpPayload[] = [];
  for (let at = 0; at < swapped.length; at += step) {
    payloads.push({ payload: swapped.subarray(at, at + step), marker: false, timestampOffset: at / 2 });
  }
  return payloads;
}

/** A copy with the two bytes of each sample exchanged; an odd last byte is left out. */
export function swapBytes(samples: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(samples.length - (samples.length % 2));
  for (let i = 0; i < swapped.length; i += 2) {
    swapped[i] = samples[i + 1]!;
    swapped[i + 1] = samples[i]!;
  }
  return swapped;
}

/**
 * One raw AAC block: a 16-bit AU-headers-length (16) and one AU header of 13 bits size and 3 bits index (RFC 3640,
 * 3.3.6). A block that is too long is cut; each piece repeats the header and the last has the marker. At most 8191
 * bytes.
 */
export function packetizeAac(frame: Uint8Array, maxBytes: number): RtpPayload[] {
  const size = Math.min(frame.length, 8191);
  const room = maxBytes - 4;
  const payloads: RtpPayload[] = [];
  for (let at = 0; at < size; at += room) {
    const piece = frame.subarray(at, Math.min(at + room, size));
    const payload = new Uint8Array(4 + piece.length);
    payload.set([0, 16, size >> 5, (size & 31) << 3]);
    payload.set(piece, 4);
    payloads.push({ payload, marker: at + room >= size, timestampOffset: 0 });
  }
  return payloads;
}
