import { bytesOf, samplesOf } from "./samples.ts";

/** s16le samples times `gain`, clipped; a new buffer. `gain` 1 gives `pcm` itself. */
export function applyGain(pcm: Uint8Array, gain: number): Uint8Array {
  if (gain === 1) return pcm;
  const out = Int16Array.from(samplesOf(pcm), (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(sample * gain))),
  );
  return bytesOf(out);
}
