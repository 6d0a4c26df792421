import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { type Clock, systemClock } from "../../src/util/clock.ts";
import { clip } from "../rtsp.ts";
import { clicks } from "./flash-and-click.ts";
import { type HubRig, startRig, until } from "./hub-rig.ts";
import { type HubViewer, watchHub } from "./hub-viewer.ts";

// Runs quietly: measures how long a viewer waits.

/** What one viewer got of one kind. */
class Received {
  count = 0;
  lastSequence: number | undefined;
  /** Packets missing in the row of sequence numbers. */
  missing = 0;
  lastMs = performance.now();
  /** Longest time without a packet. */
  longestGapMs = 0;

  take(sequence: number): void {
    const nowMs = performance.now();
    if (this.lastSequence !== undefined) {
      this.missing += ((sequence - this.lastSequence - 1) << 16) >> 16;
      this.longestGapMs = Math.max(this.longestGapMs, nowMs - this.lastMs);
    }
    this.count++;
    this.lastSequence = sequence;
    this.lastMs = nowMs;
  }

  /** Resolves when `count` more packets have come. */
  async more(count: number): Promise<void> {
    const target = this.count + count;
    await until(`${count} more packets`, async () => this.count >= target);
  }
}

interface Watching extends AsyncDisposable {
  readonly viewer: HubViewer;
  readonly video: Received;
  readonly audio: Received;
}

async function watch(rig: HubRig, id: string): Promise<Watching> {
  const [video, audio] = [new Received(), new Received()];
  const onPacket = (kind: string, { sequence }: { readonly sequence: number }) =>
    (kind === "video" ? video : audio).take(sequence);
  const viewer = await watchHub(rig, id, { onPacket });
  return { viewer, video, audio, [Symbol.asyncDispose]: () => viewer[Symbol.asyncDispose]() };
}

/** A camera whose sound goes through FFmpeg, and one whose sound does not. */
async function twoCameras() {
  await using held = new AsyncDisposableStack();
  const converted = held.use(await startFakeRtsp({ video: clip(), audio: clicks("aac") }));
  const plain = held.use(await startFakeRtsp({ video: clip(), audio: clicks("pcmu") }));
  const config = `devices:\n  converted: ${converted.address}\n  plain: ${plain.address}\n`;
  const all = held.move();
  return { converted, plain, config, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

describe("a worker that is killed", () => {
  it("FFmpeg's: its sound comes again within 2 s, and nobody loses a picture", { timeout: 60_000 }, async (t) => {
    await using cameras = await twoCameras();
    await using rig = await startRig(cameras.config);
    await using converted = await watch(rig, "converted");
    await using plain = await watch(rig, "plain");
    for (const { video, audio } of [converted, plain]) await Promise.all([video.more(100), audio.more(20)]);
    const { converter, webrtcPid } = rig.running;
    const before = { ffmpeg: converter.pid, webrtc: webrtcPid() };
    assert.ok(before.ffmpeg);
    for (const received of [converted.video, converted.audio, plain.video, plain.audio]) received.longestGapMs = 0;
    process.kill(before.ffmpeg, "SIGKILL");
    await until("another one runs", async () => converter.pid !== undefined && converter.pid !== before.ffmpeg);
    await converted.audio.more(20);
    t.diagnostic(`sound came again after ${Math.round(converted.audio.longestGapMs)} ms`);
    assert.ok(converted.audio.longestGapMs < 2000, `${converted.audio.longestGapMs} ms without sound`);
    for (const received of [converted.video, plain.video, plain.audio]) {
      assert.equal(received.missing, 0);
      assert.ok(received.longestGapMs < 500, `a gap of ${received.longestGapMs} ms`);
    }
    assert.equal(webrtcPid(), before.webrtc);
    assert.equal(converted.viewer.connection.connectionState, "connected");
    assert.deepEqual([cameras.converted.counters.sessions, cameras.plain.counters.sessions], [1, 1]);
  });

  it("WebRTC's: a new session within 2 s, and no camera or conversion notices", { timeout: 60_000 }, async (t) => {
    await using cameras = await twoCameras();
    await using rig = await startRig(cameras.config);
    await using before = await watch(rig, "converted");
    await before.audio.more(5);
    const devices = rig.running.hub.devices;
    using frames = devices.get("converted")?.track("video")?.read({ start: "live", maxFrames: 10_000 });
    const pids = { ffmpeg: rig.running.converter.pid, webrtc: rig.running.webrtcPid() };
    assert.ok(pids.webrtc);
    process.kill(pids.webrtc, "SIGKILL");
    const killedMs = performance.now();
    await until("the hub notices", async () => rig.running.webrtcPid() !== pids.webrtc);
    await using after = await watch(rig, "converted");
    await Promise.all([after.video.more(1), after.audio.more(1)]);
    const tookMs = performance.now() - killedMs;
    t.diagnostic(`sound and picture after ${Math.round(tookMs)} ms`);
    assert.ok(tookMs < 2000, `${tookMs} ms`);
    assert.notEqual(rig.running.webrtcPid(), pids.webrtc);
    assert.equal(rig.running.converter.pid, pids.ffmpeg);
    assert.equal(cameras.converted.counters.sessions, 1);
    assert.equal(frames?.counters.lagged, 0);
    assert.equal(rig.running.hub.devices.get("converted")?.state.phase, "live");
    const snapshot = await rig.call("GET", "api/v1/devices/converted/snapshot");
    assert.equal(snapshot.headers.get("content-type"), "image/jpeg");
  });
});

/** Half a minute and more goes by in a thirtieth of it: the time that an idle worker is kept. */
const soonIdle: Clock = {
  ...systemClock,
  timer: (delayMs, run) => systemClock.timer(delayMs >= 30_000 ? delayMs / 30 : delayMs, run),
};

it("workers that nobody needs any more stop, and start again", { timeout: 60_000 }, async () => {
  await using cameras = await twoCameras();
  await using rig = await startRig(cameras.config, { clock: soonIdle });
  const { converter, webrtcPid } = rig.running;
  assert.deepEqual([converter.pid, webrtcPid()], [undefined, undefined], "none before it is needed");
  {
    await using watching = await watch(rig, "converted");
    await watching.audio.more(5);
    assert.ok(converter.pid && webrtcPid());
    const over = await rig.call("DELETE", watching.viewer.session);
    assert.ok(over.ok, `${over.status}`);
  }
  await until("the WebRTC worker stops", async () => webrtcPid() === undefined);
  await until("FFmpeg's worker stops", async () => converter.pid === undefined);
  await using again = await watch(rig, "converted");
  await again.audio.more(5);
});
