import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { CaptureDelayMeter } from "./capture-delay.ts";

/** A camera whose clock is behind by `behindMs`; each of its pictures is underway for as long as `plays` says. */
function scene(behindMs = 0) {
  const clock = new ManualClock();
  let changes = 0;
  const meter = new CaptureDelayMeter({ clock, onChange: () => changes++ });
  return {
    meter,
    changes: () => changes,
    plays: async (seconds: number, underwayMs: (n: number) => number) => {
      for (let n = 0; n < seconds * 25; n++) {
        await clock.advance(40);
        meter.frame(clock.wallMs() - underwayMs(n) - behindMs);
      }
    },
  };
}

describe("the delay by a camera's clock", () => {
  it("is unknown as long as the camera says nothing", () => {
    assert.equal(scene().meter.now, undefined);
  });

  it("is how long a picture is underway, and follows it", async () => {
    const { meter, plays } = scene();
    await plays(3, (n) => 80 + (n % 5));
    assert.deepEqual(meter.now, { by: "camera-clock", ms: 82 });
    await plays(3, () => 382);
    assert.deepEqual(meter.now, { by: "camera-clock", ms: 382 });
  });

  it("is not told of a clock that is minutes off, behind or ahead", async () => {
    for (const behindMs of [180_000, -3_600_000, -400]) {
      const { meter, plays } = scene(behindMs);
      await plays(3, () => 80);
      assert.deepEqual(meter.now, { by: "wrong-clock", offByMs: behindMs + 80, overBestMs: 0 });
      await plays(3, () => 380);
      assert.deepEqual(meter.now, { by: "wrong-clock", offByMs: behindMs + 80, overBestMs: 300 });
    }
  });

  it("bears clocks that differ by some milliseconds", async () => {
    const { meter, plays } = scene(-30);
    await plays(2, () => 10);
    assert.deepEqual(meter.now, { by: "camera-clock", ms: 0 });
  });

  it("believes a clock again a minute after it was set", async () => {
    const { meter, plays } = scene();
    await plays(2, () => -90_000);
    await plays(50, () => 70);
    assert.equal(meter.now?.by, "wrong-clock");
    await plays(12, () => 70);
    assert.deepEqual(meter.now, { by: "camera-clock", ms: 70 });
  });

  it("is told when a person would notice, not with every picture", async () => {
    const { plays, changes } = scene();
    await plays(30, (n) => 80 + (n % 9));
    assert.equal(changes(), 1);
    await plays(4, () => 380);
    assert.equal(changes(), 2);
  });

  it("is unknown again, and that is told, when the camera's word is not to be believed any more", async () => {
    const { meter, plays, changes } = scene();
    await plays(2, () => 80);
    meter.frame(undefined);
    meter.frame(undefined);
    assert.deepEqual([meter.now, changes()], [undefined, 2]);
  });

  it("is forgotten with the source", async () => {
    const { meter, plays } = scene();
    await plays(2, () => 80);
    meter.reset();
    assert.equal(meter.now, undefined);
  });
});
