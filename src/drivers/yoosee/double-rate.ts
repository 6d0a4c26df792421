import type { Frame } from "../../media/frame.ts";

/** Doubles the sampling rate of mono pcm_s16le by putting the mean of two neighbours between them. */
export async function* doubleRate(frames: AsyncIterable<Frame>): AsyncGenerator<Frame, void, void> {
  let before = 0;
  for await (const frame of frames) {
    const input = new DataView(frame.data.buffer, frame.data.byteOffset, frame.data.byteLength);
    const data = new Uint8Array(frame.data.length * 2);
    const output = new DataView(data.buffer);
    for (let offset = 0; offset + 1 < frame.data.length; offset += 2) {
      const sample = input.getInt16(offset, true);
      output.setInt16(offset * 2, (before + sample) >> 1, true);
      output.setInt16(offset * 2 + 2, sample, true);
      before = sample;
    }
    yield { ...frame, data };
  }
}
