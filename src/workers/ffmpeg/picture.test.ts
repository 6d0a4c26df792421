import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ffmpeg, frameHashes, makeClip } from "../../../test/ffmpeg.ts";
import { splitAnnexB } from "../../codecs/annexb.ts";
import { ParameterSetKeeper } from "../../codecs/video-format.ts";
import { pcmFormat, type VideoFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { Track } from "../../media/track.ts";
import { ManualClock } from "../../util/clock.ts";
import { audio, convert, loudness, openConverter, samplesOf } from "./testing.ts";

const converter = openConverter();
after(() => converter[Symbol.asyncDispose]());

function keyFrameOf(codec: "h264" | "h265"): { readonly frame: Frame; readonly format: VideoFormat } {
  const keeper = new ParameterSetKeeper(codec);
  const unit = keeper.prepare(splitAnnexB(makeClip({ codec, frames: 1 })));
  assert.ok(unit);
  return { frame: { ...unit, timestampUs: 0 }, format: keeper.format };
}

/** Mean difference of the luma of two pictures of the same size. */
function difference(a: Uint8Array, b: Uint8Array): number {
  assert.equal(a.length, b.length);
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;
}

test("a snapshot is the key frame's picture, scaled down when asked, for H.264 and H.265", async () => {
  for (const codec of ["h264", "h265"] as const) {
    const { frame, format } = keyFrameOf(codec);
    const track = new Track(format, { id: codec, clock: new ManualClock() });
    track.write(frame);
    for (const [widthPx, heightPx] of [
      [undefined, 240],
      [160, 120],
      [4000, 240],
    ] as const) {
      const jpeg = await converter.snapshot(track, { widthPx });
      const [width, height] = [widthPx === 160 ? 160 : 320, heightPx];
      const gray = [
        "-vf",
        `scale=${width}:${height}:in_range=auto:out_range=full`,
        "-f",
        "rawvideo",
        "-pix_fmt",
        "gray",
        "-",
      ];
      const ours = ffmpeg(
        ["-f", "mjpeg", "-i", "pipe:0", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
        jpeg,
      );
      const theirs = ffmpeg(
        ["-f", codec === "h264" ? "h264" : "hevc", "-i", "pipe:0", "-frames:v", "1", ...gray],
        frame.data,
      );
      assert.equal(ours.length, width * height, `${codec} ${widthPx}: size`);
      assert.ok(difference(ours, theirs) < 6, `${codec} ${widthPx}: ${difference(ours, theirs)}`);
    }
  }
});

test("a snapshot of a track without key frame demands it, waits, and lets go", async () => {
  const { frame, format } = keyFrameOf("h264");
  const demands: boolean[] = [];
  const track = new Track(format, { id: "v", clock: new ManualClock(), onDemand: (wanted) => demands.push(wanted) });
  const waiting = converter.snapshot(track);
  assert.deepEqual(demands, [true]);
  track.write(frame);
  assert.equal((await waiting)[0], 0xff);
  assert.deepEqual(demands, [true, false]);
  await assert.rejects(
    converter.snapshot(new Track(format, { id: "w", clock: new ManualClock() }), { signal: AbortSignal.abort() }),
    {
      name: "AbortError",
    },
  );
});

test("pictures of the same key frame are made once; a broken one is told", async () => {
  const { frame, format } = keyFrameOf("h264");
  const track = new Track(format, { id: "v", clock: new ManualClock() });
  track.write(frame);
  const [one, two] = await Promise.all([converter.snapshot(track), converter.snapshot(track)]);
  assert.equal(one, two);
  track.write({ data: Uint8Array.of(0, 0, 0, 1, 0x65, 1, 2, 3), timestampUs: 1, key: true });
  await assert.rejects(converter.snapshot(track), { code: "no-picture" });
});

test("a made-up camera: sizes, key frames and times as asked, decodable, and its clock runs", async () => {
  for (const codec of ["h264", "h265"] as const) {
    const clip = await converter.generateClip({
      codec,
      widthPx: 320,
      heightPx: 180,
      fps: 10,
      gopFrames: 5,
      seconds: 2,
      name: "Garden",
    });
    assert.equal(clip.format.kind === "video" && clip.format.widthPx, 320);
    assert.equal(clip.frames.length, 20);
    assert.deepEqual(
      clip.frames.flatMap((frame, index) => (frame.key ? [index] : [])),
      [0, 5, 10, 15],
    );
    assert.deepEqual(
      clip.frames.map((frame) => frame.timestampUs),
      Array.from({ length: 20 }, (_, index) => index * 100_000),
    );
    const hashes = frameHashes(Buffer.concat(clip.frames.map((frame) => frame.data)), codec);
    assert.equal(hashes.length, 20);
    assert.ok(new Set(hashes).size > 15, "the picture moves");
  }
});

test("a made-up camera is drawn only as far as it is read, with its sound beside it", async () => {
  using streams = await converter.openScene({ widthPx: 160, heightPx: 90, fps: 25, toneHz: 440 });
  assert.deepEqual(
    streams.formats.map((format) => format.codec),
    ["h264", "opus"],
  );
  const lastUs = [0, 0];
  let count = 0;
  for await (const { stream, timestampUs } of streams.frames) {
    assert.ok(timestampUs >= (lastUs[stream] ?? 0));
    lastUs[stream] = timestampUs;
    if (++count === 150) break;
  }
  assert.ok(Math.abs((lastUs[0] ?? 0) - (lastUs[1] ?? 0)) <= 60_000, `${lastUs}`);
});

test("a bell as a fake's sound, in the format that the fake serves", async () => {
  const output = audio("pcma", 8000);
  const frames = await converter.generateTone({ pitchHz: 660, seconds: 2, output });
  assert.equal(frames.length, 100);
  assert.ok(frames.every(({ data }) => data.length === 160));
  const pcm = await convert(converter, frames, { input: output, output: pcmFormat(8000) });
  const levels = pcm.frames.map((frame) => loudness(samplesOf([frame])));
  assert.ok(
    (levels[1] ?? 0) > 3000 && (levels[48] ?? 0) < 200 && (levels[51] ?? 0) > 3000,
    levels.map(Math.round).join(" "),
  );
});
