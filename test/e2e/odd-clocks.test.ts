import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { systemClock } from "../../src/util/clock.ts";
import { clip } from "../rtsp.ts";
import { clicks } from "./flash-and-click.ts";
import { startRig, until } from "./hub-rig.ts";
import { watchHub } from "./hub-viewer.ts";
import { WallClock } from "./wall-clock.ts";

// Runs quietly: measures how far pictures are from the live edge.

/** Longest that a viewer may be without a packet, and furthest that a picture may be from the live edge. */
const limitMs = 500;
/** What the clock of a camera does when its time is set, and where 32 bits of 90 kHz come to their end. */
const jumps = {
  "an hour forward": 3600,
  "an hour back": -3600,
  "a second and a half forward": 1.5,
  "a second and a half back": -1.5,
  "two seconds before its 32 bits wrap": 2 ** 32 / 90_000 - 2,
};

describe("a camera whose clock is odd", { concurrency: 3 }, () => {
  for (const [name, seconds] of Object.entries(jumps)) {
    it(`${name}: the viewer goes on at the live edge`, { timeout: 60_000 }, async (t) => {
      await using camera = await startFakeRtsp({ video: clip(), audio: clicks("pcmu") });
      await using rig = await startRig(`devices:\n  cam: ${camera.address}\n`);
      const wall = { video: new WallClock(90_000), audio: new WallClock(8000) };
      const last = { video: systemClock.nowUs(), audio: systemClock.nowUs() };
      const behind: Record<"video" | "audio", number | undefined> = { video: undefined, audio: undefined };
      let longestGapMs = 0;
      await using viewer = await watchHub(rig, "cam", {
        onReport: (kind, report) => wall[kind].report(report),
        onPacket: (of, { timestamp }) => {
          const kind = of === "video" ? "video" : "audio";
          const nowUs = systemClock.nowUs();
          longestGapMs = Math.max(longestGapMs, (nowUs - last[kind]) / 1000);
          last[kind] = nowUs;
          const atMs = wall[kind].at(timestamp);
          behind[kind] = atMs === undefined ? undefined : Date.now() - atMs;
        },
      });
      const atLiveEdge = () =>
        until("picture and sound are at the live edge", async () =>
          Object.values(behind).every((ms) => ms !== undefined && Math.abs(ms) < limitMs),
        );
      await atLiveEdge();
      if (seconds > 40_000) camera.jump(seconds - (systemClock.nowUs() - camera.bootedUs) / 1e6);
      else camera.jump(seconds);
      longestGapMs = 0;
      // So long it takes at most to tell a jump from a stall of the network.
      const settledUs = systemClock.nowUs() + 4_500_000;
      await until("all that would change has changed", async () => systemClock.nowUs() > settledUs);
      t.diagnostic(`${JSON.stringify(behind)} ms behind, longest gap ${Math.round(longestGapMs)} ms`);
      for (const ms of Object.values(behind)) assert.ok(Math.abs(ms ?? Number.NaN) < limitMs, `${ms} ms behind`);
      assert.ok(longestGapMs < limitMs, `${longestGapMs} ms without a packet`);
      assert.equal(viewer.connection.connectionState, "connected");
      assert.equal(camera.counters.sessions, 1);
    });
  }
});
