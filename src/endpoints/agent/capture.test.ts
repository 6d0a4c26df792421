import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Frame } from "../../media/frame.ts";
import { ManualClock } from "../../util/clock.ts";
import { RecoverableError } from "../../util/errors.ts";
import { silentLog } from "../../util/log.ts";
import { AsyncQueue } from "../../util/queue.ts";
import type { Capture, CaptureOptions } from "../../workers/ffmpeg/index.ts";
import { CaptureSource } from "./capture.ts";

/** A device that films when the test says so. */
function house() {
  const clock = new ManualClock();
  const opened: { readonly options: CaptureOptions; readonly frames: AsyncQueue<Frame>; closed: boolean }[] = [];
  const tuned: Parameters<Capture["tune"]>[0][] = [];
  let broken = false;
  const openCapture = async (options: CaptureOptions): Promise<Capture> => {
    if (broken) throw new RecoverableError("/dev/video0 cannot be opened: No such device");
    const one = { options, frames: new AsyncQueue<Frame>({ max: 10 }), closed: false };
    opened.push(one);
    return {
      format: { kind: "video", codec: "h264", parameterSets: [] },
      encoder: "libx264",
      frames: one.frames,
      tune: (how) => void tuned.push(how),
      [Symbol.dispose]: () => {
        one.closed = true;
        one.frames.end();
      },
    };
  };
  const source = new CaptureSource({
    converter: { openCapture },
    device: { format: "v4l2", url: "/dev/video0", tries: [{}], widthPx: 1280, heightPx: 720, fps: 30 },
    limits: { minBps: 300_000, maxBps: 2_500_000 },
    onOpen: () => {},
    clock,
    log: silentLog,
  });
  const film = async (at = opened.length - 1) => {
    opened[at]?.frames.push({ data: new Uint8Array(10), timestampUs: 0, key: true });
    await clock.advance(0);
  };
  const breakDown = (yes: boolean) => {
    broken = yes;
  };
  return { clock, opened, tuned, source, film, breakDown };
}

const { signal } = new AbortController();

describe("a device that films, encoded once for all", () => {
  it("is open while somebody watches and a moment longer, once for all of them", async () => {
    const { clock, opened, source, film } = house();
    assert.equal(opened.length, 0);
    const [first, second] = [source.demand(), source.demand()];
    const tracks = [source.tracks(signal), source.tracks(signal)];
    await clock.advance(0);
    await film();
    const [one, other] = await Promise.all(tracks);
    assert.equal(one?.video, other?.video);
    first[Symbol.dispose]();
    second[Symbol.dispose]();
    await clock.advance(2000);
    using _third = source.demand();
    await clock.advance(5000);
    assert.deepEqual([opened.length, opened[0]?.closed], [1, false]);
    _third[Symbol.dispose]();
    await clock.advance(3000);
    assert.equal(opened[0]?.closed, true);
    assert.equal(clock.pending, 0);
  });

  it("makes a key frame for whoever asks, one for all who ask at once, and follows what they bear", async () => {
    const { clock, tuned, source, film } = house();
    using _watched = source.demand();
    await clock.advance(1000);
    await film();
    source.heard("a", { type: "key-frame" });
    source.heard("b", { type: "key-frame" });
    await clock.advance(600);
    source.heard("b", { type: "key-frame" });
    assert.deepEqual(tuned, [{ keyFrame: true }, { keyFrame: true }]);
    source.heard("a", { type: "report", lostShare: 0.03 });
    source.heard("b", { type: "report", lostShare: 0.5 });
    assert.deepEqual(tuned.slice(2), [{ bitrateBps: 1_050_000 }]);
    source.left("b");
    assert.deepEqual(tuned.slice(3), [{ bitrateBps: 1_400_000 }]);
    source[Symbol.dispose]();
  });

  it("says why it cannot be shown, and is opened again: at once for who comes later, by and by for who stays", async () => {
    const { clock, opened, source, film, breakDown } = house();
    breakDown(true);
    using _watched = source.demand();
    await assert.rejects(source.tracks(signal), /No such device/);
    breakDown(false);
    await clock.advance(1500);
    await film();
    const { video } = await source.tracks(signal);
    opened[0]?.frames.end();
    await clock.advance(1500);
    await film();
    assert.equal((await source.tracks(signal)).video, video);
    assert.equal(opened.length, 2);
    source[Symbol.dispose]();
  });
});
