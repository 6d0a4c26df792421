import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeG711 } from "../codecs/g711/index.ts";
import { createOpusDecoder, createOpusEncoder } from "../codecs/opus/index.ts";
import { bytesOf, rmsLevel, samplesOf } from "../codecs/pcm/index.ts";
import { type AudioFormat, opusFormat, pcmFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import { OpusBlocks, openOpusVoice } from "./opus-voice.ts";

const packetMs = 20;

/** A tone of `ms` as Opus packets of `step` ms. */
async function spoken(ms: number, options: { readonly step?: number; readonly channels?: 1 | 2 } = {}) {
  const { step = packetMs, channels = 1 } = options;
  using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels });
  return Array.from({ length: ms / step }, (_, n): Frame => {
    const samples = Int16Array.from({ length: step * 48 * channels }, (_, i) =>
      Math.round(8000 * Math.sin((2 * Math.PI * 440 * (n * step * 48 + Math.floor(i / channels))) / 48_000)),
    );
    const data = encoder.encode(new Uint8Array(samples.buffer)).slice();
    return { data, timestampUs: 5_000_000 + n * step * 1000, durationUs: step * 1000, key: true };
  });
}

async function heard(frames: readonly Frame[], output: AudioFormat, gain?: number): Promise<Frame[]> {
  await using voice = await openOpusVoice(opusFormat, { output, ...(gain !== undefined && { gain }) });
  assert.ok(voice);
  for (const frame of frames) voice.push(frame);
  voice.end();
  return await all(voice.frames);
}

async function all(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const list: Frame[] = [];
  for await (const frame of frames) list.push(frame);
  return list;
}

describe("a talker's Opus in this process", () => {
  it("becomes samples of the speaker's rate, packet by packet, with the packets' times", async () => {
    for (const [rateHz, channels] of [
      [8000, 2],
      [16_000, 1],
    ] as const) {
      const packets = await spoken(400, { channels });
      const blocks = await heard(packets, pcmFormat(rateHz));
      assert.deepEqual(
        blocks.map(({ timestampUs, durationUs, data }) => [timestampUs, durationUs, data.length]),
        packets.map(({ timestampUs }) => [timestampUs, 20_000, rateHz / 25]),
      );
      for (const { data } of blocks.slice(2)) assert.ok(Math.abs(rmsLevel(data) - 8000 / Math.SQRT2 / 32_768) < 0.03);
    }
  });

  it("becomes G.711, louder or softer as told", async () => {
    const packets = await spoken(400);
    const loud = (await heard(packets, { ...pcmFormat(8000), codec: "pcma" }))[10];
    const soft = (await heard(packets, { ...pcmFormat(8000), codec: "pcma" }, 0.5))[10];
    assert.ok(loud && soft);
    assert.equal(loud.data.length, 160);
    const ratio = rmsLevel(decodeG711("pcma", soft.data)) / rmsLevel(decodeG711("pcma", loud.data));
    assert.ok(Math.abs(ratio - 0.5) < 0.03, `${ratio}`);
  });

  it("comes in blocks of 20 ms, however long the packets are", async () => {
    for (const step of [10, 40, 60]) {
      const blocks = await heard(await spoken(480, { step }), pcmFormat(8000));
      assert.deepEqual(
        blocks.map(({ timestampUs }) => timestampUs),
        Array.from({ length: 24 }, (_, n) => 5_000_000 + n * 20_000),
      );
    }
  });

  it("has no hole where packets were lost, and no invention where the talker paused", async () => {
    const packets = await spoken(2000);
    const lossy = packets.filter((_, n) => n % 10 !== 5);
    const blocks = await heard(lossy, pcmFormat(8000));
    assert.equal(blocks.length, packets.length);
    for (const { data } of blocks.slice(2)) assert.ok(rmsLevel(data) > 0.02);
    const paused = await heard([...packets.slice(0, 10), ...packets.slice(60)], pcmFormat(8000));
    assert.equal(paused.length, 50);
    assert.equal(paused[10]?.timestampUs, packets[60]?.timestampUs);
  });

  it("is not decoded again while a microphone is switched off, and what is said next sounds as if it had been", async () => {
    using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 1 });
    using decoder = await createOpusDecoder({ sampleRateHz: 48_000, channels: 1 });
    let decoded = 0;
    const decode = (packet: Uint8Array) => {
      decoded++;
      return decoder.decode(packet);
    };
    const blocks = new OpusBlocks({ ...decoder, decode }, { blockBytes: 1920 });
    using reference = await createOpusDecoder({ sampleRateHz: 48_000, channels: 1 });
    let worst = 0;
    for (let n = 0; n < 700; n++) {
      const loud = n < 50 || n >= 650;
      const samples = Int16Array.from({ length: 960 }, (_, i) =>
        loud ? Math.round(8000 * Math.sin((2 * Math.PI * 440 * (n * 960 + i)) / 48_000)) : 0,
      );
      const data = encoder.encode(bytesOf(samples)).slice();
      const [block] = blocks.push({ data, timestampUs: n * 20_000, durationUs: 20_000, key: true });
      const wanted = samplesOf(reference.decode(data));
      for (const [i, sample] of samplesOf(block?.data ?? new Uint8Array()).entries())
        worst = Math.max(worst, Math.abs(sample - (wanted[i] ?? 0)));
    }
    assert.ok(decoded < 260, `${decoded} of 700 packets were decoded`);
    assert.ok(worst <= 400, `differs by ${worst} of 8000`);
  });

  it("is not for what needs more than that", async () => {
    const others: AudioFormat[] = [
      { ...pcmFormat(16_000), codec: "g722" },
      { ...pcmFormat(16_000), codec: "aac" },
      pcmFormat(44_100),
      pcmFormat(48_000, 2),
      opusFormat,
    ];
    for (const output of others) assert.equal(await openOpusVoice(opusFormat, { output }), undefined);
    assert.equal(await openOpusVoice(pcmFormat(8000), { output: pcmFormat(8000) }), undefined);
  });

  it("survives any packet, and is bounded when nobody reads", async () => {
    await using voice = await openOpusVoice(opusFormat, { output: pcmFormat(8000) });
    assert.ok(voice);
    const packets = await spoken(200);
    let atUs = 0;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: -200_000, max: 3_000_000 }), (data, stepUs) => {
        atUs += stepUs;
        voice.push({ data, timestampUs: atUs, key: true });
      }),
      { numRuns: 3000 },
    );
    for (const frame of packets) voice.push(frame);
    voice.end();
    voice.end();
    const blocks = await all(voice.frames);
    assert.ok(blocks.length > 10 && blocks.length <= 150, `${blocks.length}`);
    assert.ok(rmsLevel(blocks.at(-2)?.data ?? new Uint8Array(0)) > 0.1, "good packets are heard after bad ones");
  });
});
