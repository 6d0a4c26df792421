import { samplesOf } from "./samples.ts";

/** True for samples in which nothing is heard: 0, or the rounding of a decoder that makes it. */
export function isSilent(samples: Int16Array): boolean {
  for (let n = 0; n < samples.length; n++) {
    const sample = samples[n] ?? 0;
    if (sample > 1 || sample < -1) return false;
  }
  return true;
}

/** Loudness of s16le samples as root mean square, 0 (silence) to 1 (full scale). */
export function rmsLevel(pcm: Uint8Array): number {
  const samples = samplesOf(pcm);
  if (samples.length === 0) return 0;
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length) / 32_768;
}
