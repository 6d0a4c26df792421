import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ffmpeg } from "../../test/ffmpeg.ts";
import { WireError } from "../util/errors.ts";
import { makeAacConfig, parseAacConfig, readAdts, writeAdts } from "./aac/index.ts";
import { decodeG711, encodeG711 } from "./g711/index.ts";
import { createOpusDecoder, createOpusEncoder, opusPacketDurationUs } from "./opus/index.ts";
import { applyGain, bytesOf, pcmBytes, rmsLevel, samplesOf, silence } from "./pcm/index.ts";

const tone = (samples: number, sampleRateHz: number) =>
  bytesOf(Int16Array.from({ length: samples }, (_, i) => 8000 * Math.sin((i * 2 * Math.PI * 440) / sampleRateHz)));

for (const [codec, muxer] of [
  ["pcmu", "mulaw"],
  ["pcma", "alaw"],
] as const) {
  test(`${codec}: all 256 bytes decode as ffmpeg decodes them, and encode back`, () => {
    const coded = Uint8Array.from({ length: 256 }, (_, i) => i);
    const pcm = decodeG711(codec, coded);
    assert.equal(
      Buffer.compare(pcm, ffmpeg(["-f", muxer, "-ar", "8000", "-i", "pipe:0", "-f", "s16le", "-"], coded)),
      0,
    );
    const back = encodeG711(codec, pcm);
    const changed = coded.filter((byte) => back[byte] !== byte);
    assert.deepEqual([...changed], codec === "pcmu" ? [0x7f] : [], "mu-law has two zeros");
  });

  test(`${codec}: coding errs by at most half a step`, () => {
    const all = bytesOf(Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768));
    const heard = samplesOf(decodeG711(codec, encodeG711(codec, all)));
    heard.forEach((sample, i) => {
      const wanted = i - 32_768;
      assert.ok(Math.abs(sample - wanted) <= Math.max(16, Math.abs(wanted) / 24), `${wanted} became ${sample}`);
    });
  });
}

test("Opus carries a tone, tells its length, and hides a loss", async () => {
  using encoder = await createOpusEncoder({ sampleRateHz: 16_000, channels: 1 });
  using decoder = await createOpusDecoder({ sampleRateHz: 48_000, channels: 2 });
  const pcm = tone(3200, 16_000);
  for (let i = 0; i < 10; i++) {
    const packet = encoder.encode(pcm.subarray(i * 640, (i + 1) * 640));
    assert.equal(opusPacketDurationUs(packet), 20_000);
    const heard = decoder.decode(packet);
    assert.equal(heard.length, pcmBytes(20_000, { sampleRateHz: 48_000, channels: 2 }));
    if (i > 1) assert.ok(Math.abs(rmsLevel(heard) - 0.173) < 0.02, `${rmsLevel(heard)}`);
  }
  assert.ok(rmsLevel(decoder.conceal(20_000)) > 0.05);
});

test("Opus refuses what is no packet or no frame, and goes on", async () => {
  using decoder = await createOpusDecoder({ sampleRateHz: 48_000, channels: 1 });
  using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 1 });
  assert.throws(() => decoder.decode(Uint8Array.of()), WireError);
  assert.throws(() => decoder.decode(Uint8Array.of(3, 0xff, 1)), WireError);
  assert.throws(() => encoder.encode(new Uint8Array(10)), TypeError);
  assert.equal(decoder.decode(encoder.encode(tone(960, 48_000))).length, 1920);
});

test("Opus packet durations by their first byte", () => {
  const table: [number[], number][] = [
    [[0x00], 10_000],
    [[0x18], 60_000],
    [[0x78], 20_000],
    [[0x80], 2500],
    [[0xf8], 20_000],
    [[0xf9], 40_000],
    [[0xfb, 0x06], 120_000],
  ];
  for (const [bytes, durationUs] of table) assert.equal(opusPacketDurationUs(Uint8Array.from(bytes)), durationUs);
});

test("PCM: gain clips, silence is as long as said, odd addresses do not matter", () => {
  const pcm = bytesOf(Int16Array.of(1000, -1000, 20_000, -20_000));
  assert.deepEqual([...samplesOf(applyGain(pcm, 2))], [2000, -2000, 32_767, -32_768]);
  assert.equal(applyGain(pcm, 1), pcm);
  assert.equal(silence(20_000, { sampleRateHz: 16_000, channels: 1 }).length, 640);
  const odd = Buffer.concat([Uint8Array.of(9), pcm]).subarray(1);
  assert.deepEqual([...samplesOf(new Uint8Array(odd))], [...samplesOf(pcm)]);
  assert.equal(rmsLevel(new Uint8Array(0)), 0);
});

test("AAC configurations come back as they were made, table rates and others", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(8000, 16_000, 44_100, 48_000, 47_999, 96_000),
      fc.constantFrom(1, 2, 6, 8),
      (rate, channels) => {
        const config = parseAacConfig(makeAacConfig({ sampleRateHz: rate, channels }));
        assert.deepEqual(config, { objectType: 2, sampleRateHz: rate, coreRateHz: rate, channels });
      },
    ),
  );
  const hev2 = parseAacConfig(Uint8Array.of(0xeb, 0x09, 0x88, 0x00));
  assert.deepEqual([hev2.sampleRateHz, hev2.channels, hev2.objectType], [48_000, 2, 2]);
  assert.throws(() => parseAacConfig(Uint8Array.of(0x17)), WireError);
});

test("ADTS frames of ffmpeg are read, and written back bit for bit where it writes them alike", () => {
  const adts = ffmpeg(["-f", "lavfi", "-i", "sine=duration=0.5:sample_rate=16000", "-c:a", "aac", "-f", "adts", "-"]);
  let frames = 0;
  for (let at = 0; at < adts.length; frames++) {
    const frame = readAdts(adts.subarray(at))!;
    assert.deepEqual([frame.sampleRateHz, frame.channels], [16_000, 1]);
    const written = readAdts(writeAdts(frame.block, frame))!;
    assert.equal(Buffer.compare(written.block, frame.block), 0);
    at += frame.length;
  }
  assert.ok(frames > 7);
  assert.equal(readAdts(adts.subarray(0, 6)), undefined);
  assert.throws(() => readAdts(Uint8Array.of(1, 2, 3)), WireError);
});
