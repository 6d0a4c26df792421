import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decodeG711 } from "../codecs/g711/index.ts";
import { createOpusDecoder } from "../codecs/opus/index.ts";
import { rmsLevel } from "../codecs/pcm/index.ts";
import { type AudioFormat, opusFormat, pcmFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import { openPcmVoice } from "./pcm-voice.ts";

const level = 8000 / Math.SQRT2 / 32_768;

/** A tone of `ms` in pieces of `stepMs`. */
function tone(ms: number, { rateHz = 16_000, stepMs = 20 } = {}): Frame[] {
  const step = (rateHz * stepMs) / 1000;
  return Array.from({ length: ms / stepMs }, (_, n) => {
    const samples = Int16Array.from({ length: step }, (_, i) =>
      Math.round(8000 * Math.sin((2 * Math.PI * 440 * (n * step + i)) / rateHz)),
    );
    return {
      data: new Uint8Array(samples.buffer),
      timestampUs: 7_000_000 + n * stepMs * 1000,
      durationUs: stepMs * 1000,
      key: true,
    };
  });
}

async function heard(
  frames: readonly Frame[],
  of: { readonly input?: AudioFormat; readonly output: AudioFormat; readonly gain?: number },
): Promise<Frame[]> {
  const { input = pcmFormat(16_000), ...options } = of;
  await using voice = await openPcmVoice(input, options);
  assert.ok(voice);
  for (const frame of frames) voice.push(frame);
  voice.end();
  const list: Frame[] = [];
  for await (const frame of voice.frames) list.push(frame);
  return list;
}

describe("a talker's samples in this process", () => {
  it("are louder or softer as told, with their times", async () => {
    const sound = tone(200);
    const soft = await heard(sound, { output: pcmFormat(16_000), gain: 0.5 });
    assert.deepEqual(
      soft.map(({ timestampUs, durationUs, data }) => [timestampUs, durationUs, data.length]),
      sound.map(({ timestampUs }) => [timestampUs, 20_000, 640]),
    );
    for (const { data } of soft) assert.ok(Math.abs(rmsLevel(data) - level / 2) < 0.01);
  });

  it("become Opus of 20 ms, whatever the pieces", async () => {
    for (const stepMs of [10, 20, 40]) {
      const packets = await heard(tone(400, { stepMs }), { output: opusFormat });
      assert.equal(packets.length, 20);
      using decoder = await createOpusDecoder({ sampleRateHz: 16_000, channels: 1 });
      const sound = packets.map(({ data }) => decoder.decode(data).slice());
      for (const [n, pcm] of sound.entries()) {
        assert.equal(pcm.length, 640);
        if (n > 2) assert.ok(Math.abs(rmsLevel(pcm) - level) < 0.03);
      }
      assert.deepEqual(
        packets.map(({ timestampUs }) => timestampUs),
        packets.map((_, n) => 7_000_000 - 6500 + n * 20_000),
      );
    }
  });

  it("become samples of another rate and G.711, as cameras take them", async () => {
    const other = await heard(tone(400), { output: pcmFormat(8000) });
    for (const { data } of other.slice(3)) {
      assert.equal(data.length, 320);
      assert.ok(Math.abs(rmsLevel(data) - level) < 0.03);
    }
    const pcma = await heard(tone(400), { output: { ...pcmFormat(8000), codec: "pcma" } });
    assert.ok(Math.abs(rmsLevel(decodeG711("pcma", pcma[10]!.data)) - level) < 0.03);
  });

  it("have silence in a short gap, so that what follows keeps its time", async () => {
    const sound = tone(200);
    const blocks = await heard([...sound.slice(0, 4), ...sound.slice(7)], { output: pcmFormat(16_000) });
    assert.deepEqual(
      blocks.map(({ timestampUs }) => timestampUs),
      sound.map(({ timestampUs }) => timestampUs),
    );
    for (const [n, { data }] of blocks.entries()) assert.equal(rmsLevel(data) === 0, n >= 4 && n < 7);
  });

  it("jump ahead in time after a pause, and lose no last piece", async () => {
    const [first, second] = tone(40);
    const late = { ...second!, timestampUs: 9_000_000, data: second!.data.subarray(0, 100) };
    const blocks = await heard([first!, late], { output: pcmFormat(16_000) });
    assert.deepEqual(
      blocks.map(({ timestampUs, data }) => [timestampUs, data.length]),
      [
        [7_000_000, 640],
        [9_000_000, 640],
      ],
    );
  });

  it("are somebody else's task for what is not mono, or no rate of Opus", async () => {
    assert.equal(await openPcmVoice(pcmFormat(16_000, 2), { output: opusFormat }), undefined);
    assert.equal(await openPcmVoice(pcmFormat(44_100), { output: opusFormat }), undefined);
    assert.equal(await openPcmVoice(opusFormat, { output: pcmFormat(16_000) }), undefined);
    assert.equal(await openPcmVoice(pcmFormat(16_000), { output: { ...opusFormat, codec: "aac" } }), undefined);
  });
});
