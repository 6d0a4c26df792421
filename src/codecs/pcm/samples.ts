/**
 * Samples of s16le bytes: a view where the bytes lie on an even address, a copy otherwise. An odd last byte is left
 * out. (All machines that run Node are little-endian.)
 */
export function samplesOf(pcm: Uint8Array): Int16Array {
  const count = pcm.length >> 1;
  if (pcm.byteOffset % 2 === 0) return new Int16Array(pcm.buffer, pcm.byteOffset, count);
  return new Int16Array(new Uint8Array(pcm.subarray(0, count * 2)).buffer);
}

/** Bytes of samples, as s16le; a view. */
export function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

/** Bytes that `durationUs` of s16le take, in whole samples. */
export function pcmBytes(
  durationUs: number,
  format: { readonly sampleRateHz: number; readonly channels: number },
): number {
  return Math.round((durationUs * format.sampleRateHz) / 1e6) * format.channels * 2;
}

/** `durationUs` of silence as s16le. */
export function silence(
  durationUs: number,
  format: { readonly sampleRateHz: number; readonly channels: number },
): Uint8Array {
  return new Uint8Array(pcmBytes(durationUs, format));
}
