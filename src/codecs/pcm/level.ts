import { samplesOf } from "./samples.ts";

/** Loudness of s16le samples as root mean square, 0 (silence) to 1 (full scale). */
export function rmsLevel(pcm: Uint8Array): number {
  const samples = samplesOf(pcm);
  if (samples.length === 0) return 0;
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length) / 32_768;
}
