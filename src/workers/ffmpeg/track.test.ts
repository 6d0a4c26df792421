import assert from "node:assert/strict";
import { test } from "node:test";
import { opusFormat, pcmFormat } from "../../media/format.ts";
import { Track } from "../../media/track.ts";
import { ManualClock, systemClock } from "../../util/clock.ts";
import { audio, openConverter, pcmFrames } from "./testing.ts";

const tone = (seconds: number): number => 0.3 * Math.sin(2 * Math.PI * 440 * seconds);

test("one conversion per track and target, on demand, for as long as it is read and 5 s more", async () => {
  const clock = new ManualClock();
  await using converter = openConverter({ clock });
  const source = new Track(pcmFormat(8000), { id: "camera/audio", clock });
  const first = await converter.convertTrack(source, opusFormat);
  assert.equal(await converter.convertTrack(source, opusFormat), first);
  assert.notEqual(await converter.convertTrack(source, audio("pcma", 8000)), first);
  assert.equal(source.readerCount, 0);
  const one = first.read();
  const two = first.read();
  assert.equal(source.readerCount, 1);
  for (const frame of pcmFrames(tone, { seconds: 0.5, rateHz: 8000 })) source.write(frame);
  assert.deepEqual((await one.next())?.data, (await two.next())?.data);
  one[Symbol.dispose]();
  two[Symbol.dispose]();
  await clock.advance(4900);
  assert.equal(source.readerCount, 1);
  await clock.advance(200);
  assert.equal(source.readerCount, 0);
  using again = first.read();
  assert.equal(source.readerCount, 1);
  source.close();
  assert.equal(again.open, false);
  assert.equal(first.open, false);
});

test("a killed worker: the converted track and its readers stay, and sound goes on within 2 s", async () => {
  await using converter = openConverter();
  const source = new Track(pcmFormat(16_000), { id: "camera/audio", clock: systemClock });
  const track = await converter.convertTrack(source, opusFormat);
  using reader = track.read();
  const abort = new AbortController();
  let sent = 0;
  const frames = pcmFrames(tone, { seconds: 20, rateHz: 16_000, startUs: systemClock.nowUs() });
  const feeding = (async () => {
    for (const frame of frames) {
      if (abort.signal.aborted) return;
      source.write(frame);
      sent++;
      await systemClock.sleep(5);
    }
  })();
  for (let count = 0; count < 5; count++) await reader.next();
  assert.ok(converter.pid);
  process.kill(converter.pid, "SIGKILL");
  const killedUs = systemClock.nowUs();
  const sentBefore = sent;
  let frame = await reader.next();
  while (frame && frame.timestampUs < (frames[sentBefore]?.timestampUs ?? 0)) frame = await reader.next();
  const outageMs = (systemClock.nowUs() - killedUs) / 1000;
  abort.abort();
  await feeding;
  assert.ok(frame, "the reader goes on");
  assert.ok(outageMs < 2000, `${outageMs} ms`);
  assert.equal(await converter.convertTrack(source, opusFormat), track);
});

test("an idle worker ends after 30 s and starts again when needed", async () => {
  const clock = new ManualClock();
  await using converter = openConverter({ clock });
  assert.equal(converter.pid, undefined);
  await converter.available();
  const { pid } = converter;
  assert.ok(pid);
  await clock.advance(29_000);
  assert.equal(converter.pid, pid);
  await clock.advance(2000);
  assert.equal(converter.pid, undefined);
  await using conversion = await converter.convertAudio(pcmFormat(8000), { output: audio("pcmu", 8000) });
  assert.equal(conversion.output.codec, "pcmu");
  assert.notEqual(converter.pid, pid);
});

test("without FFmpeg's libraries every conversion fails with one sentence, at once", async () => {
  const clock = new ManualClock();
  await using converter = openConverter({ clock, env: { AV_FROM_SOURCE: "1" } }); // node-av then looks only for a build of its own
  const sound = new Track(pcmFormat(8000), { id: "a", clock });
  const picture = new Track({ kind: "video", codec: "h264", parameterSets: [] }, { id: "v", clock });
  picture.write({ data: Uint8Array.of(0, 0, 0, 1, 0x65), timestampUs: 0, key: true });
  const wanted = { name: "FatalError", code: "no-ffmpeg", message: /node-av/ };
  await assert.rejects(converter.available(), wanted);
  // A talker's samples become Opus without them: what only they can make is asked for.
  const output = { ...opusFormat, codec: "aac" } as const;
  await assert.rejects(converter.convertTrack(sound, output), wanted);
  await assert.rejects(converter.convertAudio(pcmFormat(8000), { output }), wanted);
  await assert.rejects(converter.decodeFile({ path: "/dev/null" }, { output: pcmFormat(8000) }), wanted);
  await assert.rejects(converter.snapshot(picture), wanted);
  await assert.rejects(converter.openScene({}), wanted);
  await clock.advance(31_000);
  assert.equal(converter.pid, undefined);
});

test("a worker that ends while it starts is given up, instead of being tried for ever", async () => {
  await using converter = openConverter({ env: { NODE_OPTIONS: "--require /nowhere.cjs" } });
  await assert.rejects(converter.available(), { name: "FatalError", code: "no-ffmpeg" });
  await assert.rejects(converter.openScene({}), { name: "FatalError", code: "no-ffmpeg" });
});

test("a worker that something else has started already is available at once", async () => {
  await using converter = openConverter();
  const clip = await converter.generateClip({ seconds: 0.2, widthPx: 64, heightPx: 64 });
  assert.ok(clip.frames.length > 0);
  await converter.available();
});
