import assert from "node:assert/strict";
import { after, test } from "node:test";
import { pcmFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import {
  audio,
  convert,
  correlation,
  loudness,
  openConverter,
  pcmFrames,
  peakUs,
  samplesOf,
  throughAndBack,
} from "./testing.ts";

const converter = openConverter();
after(() => converter[Symbol.asyncDispose]());

const sine =
  (hz: number, level = 0.3) =>
  (seconds: number) =>
    level * Math.sin(2 * Math.PI * hz * seconds);
const formats = [
  audio("opus", 48_000, 2),
  audio("opus", 48_000),
  audio("pcmu", 8000),
  audio("pcma", 8000),
  audio("g722", 16_000),
  audio("aac", 48_000),
  audio("aac", 16_000),
  audio("pcm_s16le", 8000),
  audio("pcm_s16le", 44_100, 2),
];

test("a click keeps its time within 3 ms through every codec and back", async () => {
  const startUs = 7_000_000_000;
  const click = (seconds: number): number => Math.exp(-(((seconds - 0.6105) * 2000) ** 2)) * 0.9;
  const frames = pcmFrames(click, { seconds: 1.2, rateHz: 48_000, startUs });
  for (const through of formats) {
    const back = await throughAndBack(converter, frames, { through, rateHz: 48_000 });
    const offUs = peakUs(back, 48_000) - (startUs + 610_500);
    assert.ok(Math.abs(offUs) < 3000, `${through.codec} ${through.sampleRateHz}: ${offUs} µs off`);
  }
});

test("sound comes through every codec as loud as it was, and as itself", async () => {
  const chirp = (seconds: number): number => 0.3 * Math.sin(2 * Math.PI * (300 + 500 * seconds) * seconds);
  const frames = pcmFrames(chirp, { seconds: 1.5, rateHz: 16_000 });
  const sent = samplesOf(frames);
  for (const through of formats) {
    const back = await throughAndBack(converter, frames, { through, rateHz: 16_000 });
    const heard = samplesOf(back);
    const { value } = correlation(sent.subarray(4000, 20_000), heard.subarray(4000, 24_000), 2400);
    const ratio = loudness(heard.subarray(6000, 18_000)) / loudness(sent.subarray(6000, 18_000));
    assert.ok(value > 0.97, `${through.codec} ${through.sampleRateHz}/${through.channels}: correlation ${value}`);
    assert.ok(ratio > 0.9 && ratio < 1.1, `${through.codec}: loudness ${ratio}`);
  }
});

test("packets last 20 ms (AAC: 1024 samples), follow each other without gaps, and say what they are", async () => {
  const frames = pcmFrames(sine(440), { seconds: 1, rateHz: 16_000, startUs: 1_000_000 });
  for (const output of formats) {
    const result = await convert(converter, frames, { input: pcmFormat(16_000), output });
    const stepUs = output.codec === "aac" ? (1024 * 1e6) / output.sampleRateHz : 20_000;
    assert.ok(result.frames.length >= Math.floor(1e6 / stepUs), `${output.codec}: ${result.frames.length} packets`);
    for (const [index, { timestampUs }] of result.frames.entries()) {
      const expected = (result.frames[0]?.timestampUs ?? 0) + index * stepUs;
      assert.ok(Math.abs(timestampUs - expected) <= 2, `${output.codec}: packet ${index} at ${timestampUs}`);
    }
    if (output.codec === "aac") assert.equal(result.format.config?.length, 2);
    if (output.codec === "pcmu") assert.equal(result.frames[3]?.data.length, 160);
  }
});

test("gain multiplies samples and saturates instead of wrapping", async () => {
  const frames = pcmFrames(sine(200, 0.5), { seconds: 0.4, rateHz: 8000 });
  const at = async (gain: number): Promise<Int16Array> => {
    const format = pcmFormat(8000);
    return samplesOf((await convert(converter, frames, { input: format, output: format, gain })).frames);
  };
  assert.ok(Math.abs(loudness(await at(0.5)) / loudness(samplesOf(frames)) - 0.5) < 0.01);
  const loud = await at(4);
  assert.equal(Math.max(...loud), 32_767);
  assert.equal(Math.min(...loud), -32_768);
});

test("lost Opus packets are concealed: no gap in time, and no hole in the sound", async () => {
  const frames = pcmFrames(sine(300), { seconds: 2, rateHz: 48_000 });
  const opus = await convert(converter, frames, { input: pcmFormat(48_000), output: audio("opus", 48_000) });
  const lossy = opus.frames.filter((_, index) => index % 25 !== 12);
  const heard = await convert(converter, lossy, { input: opus.format, output: pcmFormat(48_000) });
  const quiet = heard.frames.slice(10, 90).filter((frame) => loudness(samplesOf([frame])) < 200);
  assert.equal(quiet.length, 0, `${quiet.length} silent blocks`);
  assert.ok(Math.abs(heard.frames.length - opus.frames.length) <= 1, `${heard.frames.length} of ${opus.frames.length}`);
});

test("a gap in PCM becomes silence of its length; what follows keeps its time", async () => {
  const click = (seconds: number): number => (Math.abs(seconds - 1.5) < 0.0005 ? 0.9 : 0.01);
  const frames = pcmFrames(click, { seconds: 2, rateHz: 16_000 }).filter((_, index) => index < 30 || index >= 45);
  const heard = await convert(converter, frames, { input: pcmFormat(16_000), output: pcmFormat(16_000) });
  assert.ok(Math.abs(peakUs(heard.frames, 16_000) - 1_500_000) < 3000, `${peakUs(heard.frames, 16_000)}`);
  assert.ok(heard.frames.length >= 99 && heard.frames.length <= 101, `${heard.frames.length} blocks`);
});

test("a jump in time moves the output's time and makes no silence", async () => {
  const early = pcmFrames(sine(300), { seconds: 0.5, rateHz: 8000, startUs: 1_000_000 });
  const later = pcmFrames(sine(300), { seconds: 0.5, rateHz: 8000, startUs: 90_000_000 });
  const heard = await convert(converter, [...early, ...later], { input: pcmFormat(8000), output: pcmFormat(8000) });
  assert.ok(heard.frames.length >= 49 && heard.frames.length <= 51, `${heard.frames.length} blocks`);
  const last = heard.frames.at(-1)?.timestampUs ?? 0;
  assert.ok(Math.abs(last - 90_480_000) < 40_000, `last at ${last}`);
});

test("a source whose clock is off by 0.3 % stays in time", async () => {
  const click = (seconds: number): number =>
    0.02 * Math.sin(900 * seconds) + Math.exp(-(((seconds - 58) * 2000) ** 2)) * 0.9;
  const steady = pcmFrames(click, { seconds: 60, rateHz: 8000 });
  const drifting = steady.map((frame): Frame => ({ ...frame, timestampUs: Math.round(frame.timestampUs * 1.003) }));
  const heard = await convert(converter, drifting, { input: pcmFormat(8000), output: pcmFormat(8000) });
  const offUs = peakUs(heard.frames, 8000) - 58_000_000 * 1.003;
  assert.ok(Math.abs(offUs) < 40_000, `${offUs} µs off`);
  assert.ok(heard.frames.every((frame) => frame.data.length === 320));
});

test("a conversion that is not read and not fast enough drops the oldest and stays bounded", async () => {
  await using conversion = await converter.convertAudio(pcmFormat(8000), { output: audio("pcma", 8000) });
  for (const frame of pcmFrames(sine(300), { seconds: 40, rateHz: 8000 })) conversion.push(frame);
  conversion.end();
  let count = 0;
  for await (const _ of conversion.frames) count++;
  assert.ok(count > 0 && count <= 200, `${count} blocks`);
});

test("latency: the block that a frame completes comes out before the next frame goes in", async () => {
  await using conversion = await converter.convertAudio(audio("pcma", 8000), { output: pcmFormat(8000) });
  const iterator = conversion.frames[Symbol.asyncIterator]();
  const silence = new Uint8Array(160).fill(0xd5);
  let waiting = iterator.next();
  let behind = 0;
  for (let index = 0; index < 50; index++) {
    conversion.push({ data: silence, timestampUs: index * 20_000, durationUs: 20_000, key: true });
    if (index === 0) continue; // the resampler's filter holds back 2 ms: one block
    const result = await waiting;
    behind = Math.max(behind, index * 20_000 - (result.value?.timestampUs ?? 0));
    waiting = iterator.next();
  }
  assert.ok(behind <= 20_000, `${behind} µs behind`);
});
