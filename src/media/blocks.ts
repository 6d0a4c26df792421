import type { AudioFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import { Reblocker } from "./reblock.ts";

/** Duration in microseconds of `bytes` bytes of PCM in `format` (pcm_s16le). */
export function pcmDurationUs(format: AudioFormat, bytes: number): number {
  return (bytes * 1e6) / (2 * format.channels * format.sampleRateHz);
}

/**
 * Cuts PCM frames of any size into frames of exactly `blockBytes`, each with its duration; the last is padded with
 * silence. Timestamps are those of the frame in which a block began or ended.
 */
export async function* pcmBlocks(
  frames: AsyncIterable<Frame>,
  options: { readonly format: AudioFormat; readonly blockBytes: number },
): AsyncGenerator<Frame, void, void> {
  const reblocker = new Reblocker(options.blockBytes);
  const durationUs = pcmDurationUs(options.format, options.blockBytes);
  let timestampUs = 0;
  for await (const frame of frames) {
    timestampUs = frame.timestampUs;
    for (const data of reblocker.push(frame.data)) yield { data, timestampUs, key: true, durationUs };
  }
  const last = reblocker.flush();
  if (last) yield { data: last, timestampUs, key: true, durationUs };
}

/** True when no sample of a block of pcm_s16le is louder than about -46 dBFS. */
export function isQuietPcm(data: Uint8Array): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let offset = 0; offset + 1 < data.length; offset += 2) {
    if (Math.abs(view.getInt16(offset, true)) > 160) return false;
  }
  return true;
}
