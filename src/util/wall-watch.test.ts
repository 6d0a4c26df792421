import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { type WallJump, watchWallClock } from "./wall-watch.ts";

describe("a wall clock that is set", () => {
  it("is told with how far it moved and which times were noted wrongly", async () => {
    const clock = new ManualClock(5000);
    const jumps: WallJump[] = [];
    using _watch = watchWallClock(clock, (jump) => jumps.push(jump));
    await clock.advance(30_000);
    clock.setWallMs(1_800_000_000_000);
    await clock.advance(10_000);
    await clock.advance(60_000);
    clock.setWallMs(clock.wallMs() - 365 * 86_400_000);
    await clock.advance(10_000);
    assert.deepEqual(jumps, [
      { byMs: 1_800_000_000_000 - 35_000, wrong: { fromMs: 5000, toMs: 45_000 } },
      { byMs: -365 * 86_400_000, wrong: { fromMs: 1_800_000_010_000, toMs: 1_800_000_080_000 } },
    ]);
  });

  it("is not one that is corrected by seconds", async () => {
    const clock = new ManualClock();
    using _watch = watchWallClock(clock, () => assert.fail("told"));
    clock.setWallMs(clock.wallMs() + 5000);
    await clock.advance(60_000);
  });

  it("is watched no longer than wanted", async () => {
    const clock = new ManualClock();
    watchWallClock(clock, () => assert.fail("told"))[Symbol.dispose]();
    assert.equal(clock.pending, 0);
  });
});
