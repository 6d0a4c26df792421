import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { startFake, unitsOf } from "../../src/drivers/elementary/fake.ts";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import type { HubDevice } from "../../src/hub/api.ts";
import { type Clock, systemClock } from "../../src/util/clock.ts";
import { makeClip } from "../ffmpeg.ts";
import { clip } from "../rtsp.ts";
import { type HubRig, startRig } from "./hub-rig.ts";
import { type HubViewer, watchHub } from "./hub-viewer.ts";

// Runs quietly: measures how soon trouble is told.

/** A camera of either kind, as these tests see it. */
interface Camera extends AsyncDisposable {
  readonly address: string;
  /** Connections for picture and sound so far, and all at the moment. */
  connections(): number;
  open(): number;
  silence(silent: boolean): void;
  reboot(): Promise<void>;
}

const cameras: Readonly<Record<string, () => Promise<Camera>>> = {
  rtsp: async () => {
    const fake = await startFakeRtsp({ video: clip() });
    return {
      address: fake.address,
      // Not those that only ask something: the camera is asked for its speaker on one of its own, once.
      connections: () => fake.counters.sessions,
      open: () => fake.open,
      silence: (silent) => fake.silence(silent),
      reboot: async () => {
        fake.requests.length = 0;
        await fake.reboot();
      },
      [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
    };
  },
  elementary: async () => {
    const fake = await startFake({ codec: "h264", units: unitsOf(makeClip({ codec: "h264" })), frameRate: 100 });
    return {
      address: fake.address,
      connections: () => fake.counters.connections,
      open: () => fake.open,
      silence: (silent) => (silent ? fake.stall() : fake.resume()),
      reboot: () => fake.reboot(),
      [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
    };
  },
};

/** A viewer whose packets can be waited for. */
interface Watching extends AsyncDisposable {
  readonly viewer: HubViewer;
  /** Resolves with the next packet of the picture. */
  nextPacket(): Promise<void>;
}

async function watch(rig: HubRig): Promise<Watching> {
  let next = Promise.withResolvers<void>();
  const viewer = await watchHub(rig, "cam", {
    onPacket: (kind) => {
      if (kind !== "video") return;
      next.resolve();
      next = Promise.withResolvers<void>();
    },
  });
  return {
    viewer,
    nextPacket: () => next.promise,
    [Symbol.asyncDispose]: () => viewer[Symbol.asyncDispose](),
  };
}

/** Resolves when the device is in `phase`, in its run number `attempt` or later. */
async function inPhase(device: HubDevice, phase: string, attempt = 1): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => device.state.phase === phase && device.attempts >= attempt && resolve();
  using _listener = device.onChange(look);
  look();
  await promise;
}

const deviceOf = (rig: HubRig) => rig.running.hub.devices.get("cam") as HubDevice;

describe("a camera in trouble, watched through the whole hub", { concurrency: 2 }, () => {
  for (const [kind, start] of Object.entries(cameras)) {
    it(`${kind}: stale within 5 s, silent within 10 s, and the same viewer goes on`, { timeout: 60_000 }, async () => {
      await using camera = await start();
      await using rig = await startRig(`devices:\n  cam: ${camera.address}\n`);
      await using watching = await watch(rig);
      await watching.nextPacket();
      const device = deviceOf(rig);
      assert.equal(device.state.phase, "live");
      camera.silence(true);
      const silentUs = systemClock.nowUs();
      const elapsedMs = () => (systemClock.nowUs() - silentUs) / 1000;
      await inPhase(device, "stale");
      assert.ok(elapsedMs() <= 5000, `stale after ${elapsedMs()} ms`);
      await inPhase(device, "trouble");
      assert.ok(elapsedMs() <= 10_000, `noticed after ${elapsedMs()} ms`);
      assert.equal(device.state.error?.code, "silent");
      camera.silence(false);
      await inPhase(device, "live", 2);
      await watching.nextPacket();
      assert.equal(camera.connections(), 2, "one before, one after");
      assert.equal(camera.open(), 1);
      assert.equal(watching.viewer.connection.connectionState, "connected");
    });
  }
});

/** Waits of the supervisor are short: everything else has its own time. */
const impatient: Clock = {
  ...systemClock,
  sleep: (delayMs, signal) => systemClock.sleep(Math.min(delayMs, 20), signal),
};

describe("a hundred reboots of a watched camera", () => {
  for (const [kind, start] of Object.entries(cameras)) {
    it(`${kind}: one connection each, the same viewer, nothing is left of them`, { timeout: 90_000 }, async (t) => {
      await using camera = await start();
      await using rig = await startRig(`devices:\n  cam: ${camera.address}\n`, { clock: impatient });
      await using watching = await watch(rig);
      await watching.nextPacket();
      const device = deviceOf(rig);
      const reboot = async () => {
        const attempt = device.attempts + 1;
        await camera.reboot();
        await inPhase(device, "live", attempt);
        await watching.nextPacket();
        assert.equal(camera.open(), 1);
      };
      const measure = async () => ({ ...(await held()), worker: heldBy(rig.running.webrtcPid()) });
      for (let n = 0; n < 20; n++) await reboot();
      const before = await measure();
      for (let n = 0; n < 80; n++) await reboot();
      const after = await measure();
      assert.equal(camera.connections(), 101);
      assert.equal(device.attempts, 101);
      assert.equal(watching.viewer.connection.connectionState, "connected");
      t.diagnostic(`after 20: ${JSON.stringify(before)}; after 100: ${JSON.stringify(after)}`);
      assert.ok(after.descriptors <= before.descriptors, "descriptors");
      assert.ok(after.timers <= before.timers + 2, "timers");
      assert.ok(after.heapKb - before.heapKb < 3000, "memory of the hub");
      assert.ok(after.worker.descriptors <= before.worker.descriptors, "descriptors of the worker");
      assert.ok(after.worker.rssKb - before.worker.rssKb < 8000, "memory of the worker");
    });
  }
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What this process holds; finalizers run between the collections. */
async function held() {
  for (let n = 0; n < 3; n++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    timers: process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length,
    heapKb: process.memoryUsage().heapUsed >> 10,
  };
}

function heldBy(pid: number | undefined) {
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    rssKb: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]),
  };
}
