import assert from "node:assert/strict";
import { test } from "node:test";
import { makeJpegs } from "../../../test/ffmpeg.ts";
import { splitAnnexB } from "../../codecs/annexb.ts";
import { nalFacts } from "../../codecs/nal.ts";
import type { VideoFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { Track } from "../../media/track.ts";
import { systemClock } from "../../util/clock.ts";
import type { FfmpegWorker } from "./index.ts";
import { openConverter } from "./testing.ts";

const scene = { seconds: 2, widthPx: 640, heightPx: 360, fps: 15, gopFrames: 15 } as const;
const form = { heightPx: 240, bitrateBps: undefined, hardware: true };

/** A camera in H.265 and what its picture becomes. */
async function rig(converter: FfmpegWorker) {
  const clip = await converter.generateClip({ ...scene, codec: "h265" });
  const source = new Track(clip.format, { id: "camera/main/video", clock: systemClock });
  const output = new Track({ kind: "video", codec: "h264", parameterSets: [] }, { id: "shown", clock: systemClock });
  const failed: Error[] = [];
  const begin = () => converter.convertPicture(source, { output, form, onFailed: (error) => failed.push(error) });
  let sent = 0;
  /** The next frame of the clip, which begins again at its end. */
  const film = (): Frame => {
    const frame = { ...(clip.frames[sent++ % clip.frames.length] as Frame), timestampUs: systemClock.nowUs() };
    source.write(frame);
    return frame;
  };
  return { source, output, failed, begin, film };
}

test("H.265 becomes H.264 without B pictures, as high as asked for, from the kept group on, each picture at its time", async () => {
  await using converter = openConverter();
  const { output, begin, film } = await rig(converter);
  for (let n = 0; n < 3; n++) film();
  using _conversion = begin();
  using reader = output.read();
  const first = await reader.next();
  assert.equal(first?.key, true);
  for (let n = 0; n < 10; n++) {
    const { timestampUs } = film();
    let frame = await reader.next();
    while (frame && frame.timestampUs < timestampUs) frame = await reader.next();
    assert.equal(frame?.timestampUs, timestampUs);
    assert.equal(nalFacts.h264.hasBSlice(splitAnnexB(frame?.data ?? new Uint8Array())), false);
  }
  const { codec, widthPx, heightPx, profile } = output.format as VideoFormat;
  assert.deepEqual({ codec, widthPx, heightPx }, { codec: "h264", widthPx: 426, heightPx: 240 });
  assert.match(profile ?? "", /^42[c-f]/);
});

test("JPEG pictures become H.264", async () => {
  await using converter = openConverter();
  const source = new Track({ kind: "video", codec: "mjpeg", parameterSets: [] }, { id: "jpegs", clock: systemClock });
  const output = new Track({ kind: "video", codec: "h264", parameterSets: [] }, { id: "shown", clock: systemClock });
  using _conversion = converter.convertPicture(source, { output, form, onFailed: assert.fail });
  using reader = output.read();
  for (const data of makeJpegs({ frames: 5 })) {
    source.write({ data, key: true, timestampUs: systemClock.nowUs() });
    assert.ok(await reader.next());
  }
  assert.equal(output.counters.keyFrames, 1);
  const { widthPx, heightPx } = output.format as VideoFormat;
  assert.deepEqual([widthPx, heightPx], [320, 240]);
});

test("a key frame comes when it is asked for", async () => {
  await using converter = openConverter();
  const { output, begin, film } = await rig(converter);
  using conversion = begin();
  using reader = output.read();
  const keys: (boolean | undefined)[] = [];
  for (let n = 0; n < 6; n++) {
    if (n === 4) conversion.keyFrame();
    film();
    keys.push((await reader.next())?.key);
  }
  assert.deepEqual(keys, [true, false, false, false, true, false]);
});

test("a killed worker: the converted picture and its readers stay, and pictures go on within 2 s", async () => {
  await using converter = openConverter();
  const { output, failed, begin, film } = await rig(converter);
  using _conversion = begin();
  using reader = output.read();
  film();
  await reader.next();
  assert.ok(converter.pid);
  process.kill(converter.pid, "SIGKILL");
  const killedUs = systemClock.nowUs();
  const abort = new AbortController();
  const filming = (async () => {
    while (!abort.signal.aborted) {
      film();
      await systemClock.sleep(66);
    }
  })();
  const next = await reader.next();
  abort.abort();
  await filming;
  assert.equal(next?.key, true);
  const outageMs = (systemClock.nowUs() - killedUs) / 1000;
  assert.ok(outageMs < 2000, `${outageMs} ms`);
  assert.deepEqual(failed, []);
});

test("what comes faster than it can be encoded is decoded and left out, and the newest is shown", async () => {
  await using converter = openConverter();
  const { output, begin, film } = await rig(converter);
  using conversion = begin();
  using reader = output.read();
  let last = film();
  for (let n = 0; n < 400; n++) last = film();
  const shown: Frame[] = [];
  for (let frame = await reader.next(); frame; frame = await reader.next()) {
    shown.push(frame);
    if (frame.timestampUs >= last.timestampUs) break;
  }
  assert.ok(shown.length < 200, `${shown.length} of 401 encoded`);
  assert.ok(conversion.skipped > 100);
});
