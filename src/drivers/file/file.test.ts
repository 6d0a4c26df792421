import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { driverContract } from "../../../test/contracts/driver.ts";
import { ffmpeg, frameHashes } from "../../../test/ffmpeg.ts";
import type { Device, Driver } from "../../device/driver.ts";
import type { Format } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { createConverter } from "../../workers/ffmpeg/index.ts";
import createFileDriver, { type FileConfig } from "./index.ts";
import { parseScene } from "./scene.ts";

/** Time that passes as fast as it is slept through. */
class EagerClock extends ManualClock {
  override async sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await this.advance(delayMs);
  }
}

const converter = createConverter({ clock: new ManualClock(), log: silentLog });
const driver = createFileDriver({ converter });
let folder = "";
const at = (name: string): string => join(folder, name);

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "doorward-file-"));
  const inputs = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:d=2", "-f", "lavfi", "-i", "sine=440:d=2"];
  const plain = ["-c:v", "libx264", "-bf", "0", "-g", "25", "-threads", "1"];
  const hevc = ["-c:v", "libx265", "-x265-params", "log-level=none:bframes=0:keyint=25"];
  ffmpeg([...inputs, ...plain, "-c:a", "aac", at("h264.mp4")]);
  ffmpeg([...inputs, ...plain, "-c:a", "aac", at("h264.ts")]);
  ffmpeg([...inputs, ...hevc, "-c:a", "libopus", at("h265.mkv")]);
  ffmpeg([...inputs, ...plain, "-c:a", "pcm_s16le", at("pcm.mov")]);
  ffmpeg(["-f", "lavfi", "-i", "sine=440:d=1", "-c:a", "libmp3lame", at("song.mp3")]);
});

after(async () => {
  await converter[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

interface Written {
  readonly formats: Format[];
  readonly frames: Frame[][];
}

/** Runs the driver until its tracks have `count` frames of stream 0, as fast as it goes. */
async function play(config: FileConfig, count: number): Promise<Written> {
  const stop = new AbortController();
  const written: Written = { formats: [], frames: [] };
  const device: Device = {
    id: "movie",
    signal: stop.signal,
    clock: new EagerClock(),
    log: silentLog,
    memory: new Map(),
    publish: (format) => {
      let track = written.formats.findIndex((known) => known.kind === format.kind);
      if (track < 0) {
        track = written.formats.push(format) - 1;
        written.frames.push([]);
      }
      return {
        write: (frame) => {
          written.frames[track]?.push(frame);
          if ((written.frames[0]?.length ?? 0) >= count) stop.abort();
        },
        updateFormat: () => {},
        interrupt: () => {},
      };
    },
    offerSpeaker: () => {},
    commands: (async function* () {})(),
    emit: () => {},
    phase: () => {},
    ready: () => {},
  };
  await driver.run(device, config);
  return written;
}

const address = (name: string): string => pathToFileURL(at(name)).href;

test("pictures pass through bit-exact, H.264 and H.265, from MP4, MPEG-TS and Matroska", async () => {
  for (const [name, codec] of [
    ["h264.mp4", "h264"],
    ["h264.ts", "h264"],
    ["h265.mkv", "h265"],
  ] as const) {
    const { formats, frames } = await play({ address: address(name), loop: true }, 50);
    const [format] = formats;
    assert.ok(format?.kind === "video" && format.widthPx === 160 && format.codec === codec, name);
    const ours = frameHashes(Buffer.concat((frames[0] ?? []).slice(0, 50).map((frame) => frame.data)), codec);
    const muxer = codec === "h264" ? "h264" : "hevc";
    const raw = ffmpeg(["-i", at(name), "-an", "-c", "copy", "-f", muxer, "pipe:1"]);
    assert.deepEqual(ours, frameHashes(raw, codec), name);
    assert.deepEqual(
      (frames[0] ?? []).slice(0, 50).flatMap(({ key }, i) => (key ? [i] : [])),
      [0, 25],
      name,
    );
  }
});

test("it loops: time goes on without a step back, sound stays beside the picture", async () => {
  const { formats, frames } = await play({ address: address("pcm.mov"), loop: true }, 170);
  assert.deepEqual(
    formats.map(({ codec }) => codec),
    ["h264", "pcm_s16le"],
  );
  for (const track of frames) {
    for (const [index, frame] of track.entries()) {
      const stepUs = frame.timestampUs - (track[index - 1]?.timestampUs ?? 0);
      assert.ok(index === 0 || (stepUs >= 0 && stepUs < 100_000), `step of ${stepUs} µs at ${index}`);
    }
  }
  const ends = frames.map((track) => track.at(-1)?.timestampUs ?? 0);
  assert.ok(Math.abs((ends[0] ?? 0) - (ends[1] ?? 0)) < 200_000, `${ends}`);
});

test("sound passes through: AAC with its configuration, Opus, PCM in blocks of 20 ms", async () => {
  const mp4 = await play({ address: address("h264.mp4"), loop: true }, 45);
  const ts = await play({ address: address("h264.ts"), loop: true }, 45);
  const mkv = await play({ address: address("h265.mkv"), loop: true }, 45);
  for (const { formats } of [mp4, ts]) {
    const sound = formats[1];
    assert.ok(sound?.kind === "audio" && sound.codec === "aac" && sound.sampleRateHz === 44_100 && sound.config);
  }
  assert.equal(mkv.formats[1]?.codec, "opus");
  const theirs = ffmpeg(["-i", at("h264.mp4"), "-map", "0:a", "-c", "copy", "-f", "data", "pipe:1"]);
  const ours = Buffer.concat((mp4.frames[1] ?? []).map((frame) => frame.data));
  assert.ok(ours.length > 3000);
  assert.equal(Buffer.compare(ours, theirs.subarray(0, ours.length)), 0);
});

test("a made-up camera runs, and says what it is", async () => {
  const { formats, frames } = await play(
    { address: "test:?size=320x180&fps=10&gop=1&tone=600&name=Yard", loop: true },
    30,
  );
  assert.deepEqual(
    formats.map(({ codec }) => codec),
    ["h264", "opus"],
  );
  const picture = frames[0] ?? [];
  assert.deepEqual(
    picture.flatMap(({ key }, index) => (key ? [index] : [])),
    [0, 10, 20],
  );
  assert.equal((picture[29]?.timestampUs ?? 0) - (picture[0]?.timestampUs ?? 0), 2_900_000);
});

test("what cannot be played is told in a sentence", async () => {
  const run = (name: string): Promise<Written> => play({ address: name, loop: true }, 1);
  await assert.rejects(run(address("nowhere.mp4")), { name: "FatalError", code: "no-such-file" });
  await assert.rejects(run(address("song.mp3")), { name: "FatalError", code: "unknown-codec" });
  await assert.rejects(run("file://host/movie.mp4"), { name: "FatalError", code: "bad-address" });
  await assert.rejects(run("test:?size=huge"), { name: "FatalError", code: "bad-address", message: /1280x720/ });
  await assert.rejects(run("test:?fps=1000"), { name: "FatalError", code: "bad-address" });
  await assert.rejects(run(pathToFileURL(import.meta.filename).href), { name: "FatalError", code: "not-audio" });
  await assert.rejects(play({ address: address("h264.mp4"), loop: false }, 1000), { code: "file-ended" });
});

test("addresses and defaults", () => {
  assert.equal(driver.claims(new URL("file:///a.mp4")), 2);
  assert.equal(driver.claims(new URL("test:")), 2);
  assert.equal(driver.claims(new URL("rtsp://camera/")), 0);
  const scene = parseScene(new URL("test:"), { name: "Garden", startWallMs: 5 });
  assert.deepEqual(
    [scene.widthPx, scene.heightPx, scene.fps, scene.gopFrames, scene.name],
    [640, 360, 25, 50, "Garden"],
  );
});

driverContract(driver as Driver, async () => ({
  config: { address: "test:?size=160x90&gop=0.4" },
  connections: () => 0,
  accepted: () => 0,
  [Symbol.asyncDispose]: async () => {},
}));
