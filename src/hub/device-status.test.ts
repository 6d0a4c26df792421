import assert from "node:assert/strict";
import { it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { DeviceStatus } from "./device-status.ts";

it("a device is looked after only while its picture comes: thousands that are idle cost nothing", async () => {
  const clock = new ManualClock();
  const status = new DeviceStatus({ clock, phase: "idle", onChange: () => {} });
  const watch = status.watch();
  assert.equal(clock.pending, 0);
  status.alive();
  assert.equal(clock.pending, 1);
  await clock.advance(5000);
  assert.deepEqual([status.phase, clock.pending], ["stale", 0]);
  status.alive();
  status.phase = "idle";
  await clock.advance(5000);
  assert.deepEqual([status.phase, clock.pending], ["idle", 0]);
  status.alive();
  // The next loan begins before the last one is over.
  const next = status.watch();
  watch[Symbol.dispose]();
  await clock.advance(5000);
  assert.equal(status.phase, "stale");
  status.alive();
  next[Symbol.dispose]();
  assert.equal(clock.pending, 0);
});
