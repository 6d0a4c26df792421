import assert from "node:assert/strict";
import { test } from "node:test";
import { pcmFormat } from "../../media/format.ts";
import { collect, convert, openConverter } from "../../workers/ffmpeg/testing.ts";
import { capturedFrames } from "./microphone.ts";

const rateHz = 48_000;

/** Stereo samples of a tone in pieces of the given numbers of samples, by turns. */
async function* recorder(pieces: readonly number[], seconds: number): AsyncGenerator<Uint8Array> {
  for (let at = 0, n = 0; at < seconds * rateHz; n++) {
    const count = pieces[n % pieces.length] as number;
    const data = Buffer.alloc(count * 4);
    for (let i = 0; i < count; i++) {
      const sample = Math.round(9000 * Math.sin((2 * Math.PI * 1000 * (at + i)) / rateHz));
      data.writeInt16LE(sample, i * 4);
      data.writeInt16LE(sample, i * 4 + 2);
    }
    at += count;
    yield data;
  }
}

/** The pitch of each half second, Hz: samples between the first and the last upward crossing of zero. */
function pitches(samples: Int16Array, rate: number): number[] {
  const size = rate / 2;
  return Array.from({ length: Math.floor(samples.length / size) }, (_, n) => {
    const crossings: number[] = [];
    for (let i = n * size + 1; i < (n + 1) * size; i++) {
      const [before = 0, now = 0] = [samples[i - 1], samples[i]];
      if (before < 0 && now >= 0) crossings.push(i - now / (now - before));
    }
    const [first = 0, last = 0] = [crossings[0], crossings.at(-1)];
    return ((crossings.length - 1) * rate) / (last - first);
  });
}

for (const [name, pieces] of [
  ["as they come", [960]],
  ["in bursts of a tenth of a second", [4800]],
  ["as a sound server gives them, large and small by turns", [1764, 441, 96, 3528, 960, 7]],
] as const) {
  test(`a microphone's pitch stands still: ${name}`, async () => {
    await using converter = openConverter();
    const captured = await collect(capturedFrames(recorder(pieces, 10)));
    const { frames } = await convert(converter, captured, { input: pcmFormat(rateHz, 2), output: pcmFormat(8000) });
    const bytes = Buffer.concat(frames.map(({ data }) => data));
    const samples = new Int16Array(new Uint8Array(bytes).buffer);
    const found = pitches(samples, 8000).slice(0, -1);
    assert.ok(found.length >= 18, `${found.length} half seconds`);
    for (const hz of found) assert.ok(Math.abs(hz - 1000) < 0.5, `${hz} Hz`);
  });
}
