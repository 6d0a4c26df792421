import assert from "node:assert/strict";
import { test } from "node:test";
import { startFake, unitsOf } from "../../src/drivers/elementary/fake.ts";
import { systemClock } from "../../src/util/clock.ts";
import { makeClip } from "../ffmpeg.ts";
import { startRig, until } from "./hub-rig.ts";
import { watchHub } from "./hub-viewer.ts";
import { WallClock } from "./wall-clock.ts";

// Runs alone: measures how late pictures are.

/** Shorter than WebRTC needs to take the hub for dead. */
const stoppedMs = 3000;

test("a viewer that fell seconds behind is at the live edge within one", { timeout: 60_000 }, async (t) => {
  const units = unitsOf(makeClip({ codec: "h264" }));
  await using camera = await startFake({ codec: "h264", units, frameRate: 25 });
  await using rig = await startRig(`devices:\n  cam: ${camera.address}\n`);
  const wall = new WallClock(90_000);
  let behindMs = Number.NaN;
  await using viewer = await watchHub(rig, "cam", {
    onReport: (_, report) => wall.report(report),
    onPacket: (_, { timestamp }) => {
      const atMs = wall.at(timestamp);
      behindMs = atMs === undefined ? Number.NaN : Date.now() - atMs;
    },
  });
  const atLiveEdge = () => until("the viewer is at the live edge", async () => Math.abs(behindMs) < 300);
  await atLiveEdge();
  const pid = rig.running.webrtcPid();
  assert.ok(pid);
  const written = () => rig.running.hub.devices.get("cam")?.track("video")?.counters.frames ?? 0;
  const before = written();
  process.kill(pid, "SIGSTOP");
  try {
    await until("pictures pile up", async () => written() - before >= (stoppedMs / 1000) * 25);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  const wokenUs = systemClock.nowUs();
  behindMs = Number.NaN;
  await atLiveEdge();
  const tookMs = (systemClock.nowUs() - wokenUs) / 1000;
  t.diagnostic(`at the live edge ${Math.round(tookMs)} ms after the worker woke`);
  assert.ok(tookMs < 1000, `${tookMs} ms`);
  assert.equal(rig.running.webrtcPid(), pid);
  assert.equal(viewer.connection.connectionState, "connected");
  assert.equal(camera.counters.connections, 1, "the camera noticed nothing");
});
