import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeG711, encodeG711 } from "../codecs/g711/index.ts";
import { createOpusDecoder } from "../codecs/opus/index.ts";
import { rmsLevel } from "../codecs/pcm/index.ts";
import { type AudioFormat, opusFormat, pcmFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import { openG711Voice } from "./g711-voice.ts";

const pcmu: AudioFormat = { kind: "audio", codec: "pcmu", sampleRateHz: 8000, channels: 1 };
const pcma: AudioFormat = { ...pcmu, codec: "pcma" };
const level = 8000 / Math.SQRT2 / 32_768;
const packets = Array.from({ length: 50 }, (_, n) => {
  const samples = Int16Array.from(
    { length: 160 },
    (_, i) => 8000 * Math.sin((2 * Math.PI * 440 * (n * 160 + i)) / 8000),
  );
  const data = encodeG711("pcmu", new Uint8Array(samples.buffer));
  return { data, timestampUs: 5_000_000 + n * 20_000, key: true, durationUs: 20_000 };
});

async function heard(options: { readonly output: AudioFormat; readonly gain?: number }) {
  await using voice = await openG711Voice(pcmu, options);
  assert.ok(voice);
  for (const packet of packets) voice.push(packet);
  voice.end();
  const frames: Frame[] = [];
  for await (const frame of voice.frames) frames.push(frame);
  return frames;
}

const near = (pcm: Uint8Array, wanted: number) =>
  assert.ok(Math.abs(rmsLevel(pcm) / wanted - 1) < 0.1, `${rmsLevel(pcm)}`);

describe("a talker's G.711", () => {
  it("becomes the other G.711 packet by packet, as loud as is asked for", async () => {
    const frames = await heard({ output: pcma, gain: 0.5 });
    assert.equal(frames.length, packets.length);
    assert.equal(frames[9]?.timestampUs, packets[9]?.timestampUs);
    near(Buffer.concat(frames.map(({ data }) => decodeG711("pcma", data))), level / 2);
  });

  it("becomes Opus", async () => {
    const frames = await heard({ output: opusFormat });
    using decoder = await createOpusDecoder({ sampleRateHz: 16_000, channels: 1 });
    near(Buffer.concat(frames.slice(5, 45).map(({ data }) => decoder.decode(data).slice())), level);
  });

  it("becomes samples, and is left to others where they are of another rate", async () => {
    near(Buffer.concat((await heard({ output: pcmFormat(8000) })).map(({ data }) => data)), level);
    assert.equal(await openG711Voice(pcmu, { output: pcmFormat(44_100) }), undefined);
    assert.equal(await openG711Voice(opusFormat, { output: pcmu }), undefined);
  });
});
