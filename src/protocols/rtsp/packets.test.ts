import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { AudioFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { inPackets } from "./packets.ts";

const format = (codec: AudioFormat["codec"], sampleRateHz = 8000): AudioFormat => ({
  kind: "audio",
  codec,
  sampleRateHz,
  channels: 1,
});

async function packets(
  pieces: readonly Uint8Array[],
  how: { readonly format: AudioFormat; readonly packetMs: number },
): Promise<Frame[]> {
  async function* frames(): AsyncGenerator<Frame> {
    for (const data of pieces) yield { data, timestampUs: 0, key: true };
  }
  const found: Frame[] = [];
  for await (const packet of inPackets(frames(), how)) found.push(packet);
  return found;
}

describe("sound in packets", () => {
  const sizes = [
    ["pcmu", 8000, 20, 160],
    ["pcmu", 8000, 128, 1024],
    ["pcma", 16_000, 20, 320],
    ["pcm_s16le", 16_000, 40, 1280],
    ["g722", 16_000, 20, 160],
  ] as const;
  for (const [codec, rate, packetMs, bytes] of sizes) {
    test(`${codec} at ${rate} Hz: ${packetMs} ms are ${bytes} bytes`, async () => {
      const found = await packets([new Uint8Array(bytes * 3)], { format: format(codec, rate), packetMs });
      assert.deepEqual(
        found.map(({ data, durationUs }) => [data.length, durationUs]),
        Array(3).fill([bytes, packetMs * 1000]),
      );
    });
  }

  test("the last one is filled up with silence, whatever silence is", async () => {
    for (const [codec, silence] of [
      ["pcmu", 0xff],
      ["pcma", 0xd5],
      ["pcm_s16le", 0],
    ] as const) {
      const [packet] = await packets([Uint8Array.of(1, 2)], { format: format(codec), packetMs: 40 });
      assert.equal(packet?.data.length, codec === "pcm_s16le" ? 640 : 320, codec);
      assert.deepEqual([...(packet?.data.subarray(0, 3) ?? [])], [1, 2, silence], codec);
    }
  });

  test("however the sound is cut, every byte comes once and in order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 700 })), async (pieces) => {
        const found = await packets(pieces, { format: format("pcmu"), packetMs: 128 });
        const all = Buffer.concat(pieces);
        assert.ok(found.every(({ data }) => data.length === 1024));
        assert.deepEqual(Buffer.concat(found.map(({ data }) => data)).subarray(0, all.length), all);
      }),
      { numRuns: 50 },
    );
  });
});
