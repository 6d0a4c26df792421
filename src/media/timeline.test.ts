import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { Timeline } from "./timeline.ts";

async function play(options: {
  readonly start: number;
  readonly frames: number;
  readonly stepMs?: number;
  readonly crystal?: number;
  readonly jitterMs?: (index: number) => number;
}): Promise<{ readonly mapped: number[]; readonly arrived: number[]; readonly timeline: Timeline }> {
  const clock = new ManualClock();
  const timeline = new Timeline({ clock, clockRateHz: 90_000, wrapBits: 32 });
  const stepMs = options.stepMs ?? 40;
  const mapped: number[] = [];
  const arrived: number[] = [];
  for (let index = 0; index < options.frames; index++) {
    const dueMs = index * stepMs + (options.jitterMs?.(index) ?? 0);
    await clock.advance(dueMs - clock.nowUs() / 1000);
    const units = Math.round(index * stepMs * 90 * (options.crystal ?? 1));
    mapped.push(timeline.map((options.start + units) % 2 ** 32));
    arrived.push(clock.nowUs());
  }
  return { mapped, arrived, timeline };
}

describe("timeline", () => {
  it("keeps the camera's even steps although packets arrive unevenly", async () => {
    const { mapped } = await play({ start: 1000, frames: 200, jitterMs: (index) => (index * 7) % 20 });
    for (let index = 51; index < 200; index++) {
      assert.ok(Math.abs(mapped[index]! - mapped[index - 1]! - 40_000) < 3000);
    }
  });

  it("knows when pictures are shown that come in another order, and gives times that do not decrease", async () => {
    const clock = new ManualClock();
    const timeline = new Timeline({ clock, clockRateHz: 90_000, wrapBits: 32 });
    const shown: number[] = [];
    const mapped: number[] = [];
    for (const index of [0, 4, 2, 1, 3, 8, 6, 5, 7]) {
      mapped.push(timeline.map(index * 3600));
      shown.push(timeline.exactUs);
      await clock.advance(40);
    }
    assert.deepEqual(
      shown.map((us) => (us - shown[0]!) / 40_000),
      [0, 4, 2, 1, 3, 8, 6, 5, 7],
    );
    assert.deepEqual(
      mapped.map((us) => (us - mapped[0]!) / 40_000),
      [0, 4, 4, 4, 4, 8, 8, 8, 8],
    );
  });

  it("goes on over the wrap of 32 bits", async () => {
    const { mapped, timeline } = await play({ start: 2 ** 32 - 9000, frames: 10 });
    assert.deepEqual(
      mapped.map((us) => us - mapped[0]!),
      Array.from({ length: 10 }, (_, index) => index * 40_000),
    );
    assert.equal(timeline.resets, 0);
  });

  it("anchors again after a jump, and never runs backwards", async () => {
    const clock = new ManualClock();
    const timeline = new Timeline({ clock, clockRateHz: 90_000, wrapBits: 32 });
    const first = timeline.map(5_000_000);
    await clock.advance(40);
    const rebooted = timeline.map(90);
    assert.equal(timeline.resets, 1);
    assert.equal(rebooted - first, 40_000);
    await clock.advance(40);
    assert.equal(timeline.map(90 + 3600) - rebooted, 40_000);
  });

  for (const seconds of [1.5, -1.5]) {
    it(`is at the live edge within 4 s of a jump by ${seconds} s`, async () => {
      const clock = new ManualClock();
      const timeline = new Timeline({ clock, clockRateHz: 90_000, wrapBits: 32 });
      const behindUs: number[] = [];
      let beforeUs = 0;
      for (let index = 0; index < 250; index++) {
        await clock.advance(40);
        const us = timeline.map(1e6 + index * 3600 + (index < 100 ? 0 : seconds * 90_000));
        assert.ok(us >= beforeUs);
        beforeUs = us;
        behindUs.push(clock.nowUs() - us);
      }
      assert.ok(behindUs.slice(200).every((us) => Math.abs(us) < 250_000));
      assert.equal(timeline.resets, 1);
    });
  }

  it("does not take a stall of the network for a jump, wherever it falls", async () => {
    for (let begin = 50; begin < 150; begin++) {
      const jitterMs = (index: number) => Math.max(0, (index >= begin ? begin * 40 + 1900 : 0) - index * 40);
      const { mapped, timeline } = await play({ start: 0, frames: 300, jitterMs });
      assert.equal(timeline.resets, 0, `stall at frame ${begin}`);
      for (let index = 1; index < mapped.length; index++) {
        assert.ok(Math.abs(mapped[index]! - mapped[index - 1]! - 40_000) < 3000);
      }
    }
  });

  it("places what comes in a burst at the beginning", async () => {
    const jitterMs = (index: number) => (index < 50 ? -index * 40 : -2000);
    const { mapped, arrived } = await play({ start: 0, frames: 200, jitterMs });
    assert.ok(Math.abs(mapped.at(-1)! - arrived.at(-1)!) < 250_000);
  });

  for (const crystal of [1.0002, 0.9998]) {
    it(`follows a crystal that runs at ${crystal} for ten minutes`, async () => {
      const { mapped, arrived, timeline } = await play({ start: 0, frames: 15_000, crystal });
      const apart = Math.abs(mapped.at(-1)! - arrived.at(-1)!);
      assert.ok(apart < 5000, `${apart} µs apart`);
      assert.equal(timeline.resets, 0);
      for (let index = 1; index < mapped.length; index++) assert.ok(mapped[index]! >= mapped[index - 1]!);
    });
  }
});
