import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ManualClock, systemClock } from "../util/clock.ts";
import { SmoothTimestamps } from "./smooth.ts";

interface Arrival {
  readonly atMs: number;
  readonly key?: boolean;
}

/** Timestamps in ms of frames that arrive at these times. */
async function run(arrivals: readonly Arrival[], options: { frameRate?: number } = {}) {
  const clock = new ManualClock();
  const smooth = new SmoothTimestamps({ clock, frameRate: options.frameRate });
  const stamps: number[] = [];
  for (const { atMs, key = false } of arrivals) {
    await clock.advance(Math.max(0, atMs - clock.nowUs() / 1000));
    stamps.push(smooth.next({ key }) / 1000);
  }
  return { stamps, smooth };
}

const steps = (stamps: readonly number[]) => stamps.slice(1).map((stamp, i) => stamp - stamps[i]!);
const regular = (count: number, periodMs: number): Arrival[] =>
  Array.from({ length: count }, (_, i) => ({ atMs: i * periodMs, key: i % 25 === 0 }));

test("regular frames keep their times", async () => {
  const { stamps } = await run(regular(100, 40), { frameRate: 25 });
  assert.deepEqual(
    stamps,
    regular(100, 40).map(({ atMs }) => atMs),
  );
});

test("jitter of arrival does not show", async () => {
  const arrivals = regular(250, 40).map(({ atMs, key }, i) => ({ atMs: atMs + ((i * 7919) % 25), key }));
  const { stamps } = await run(arrivals, { frameRate: 25 });
  const settled = steps(stamps).slice(50);
  assert.ok(
    settled.every((step) => Math.abs(step - 40) <= 2.1),
    settled.filter((step) => Math.abs(step - 40) > 2.1).join(),
  );
});

test("after a stall of 1.5 s the burst plays at its true speed", async () => {
  const arrivals = regular(150, 40).map(({ atMs }) => ({ atMs: atMs > 2000 && atMs < 3500 ? 3500 : atMs }));
  const { stamps, smooth } = await run(arrivals, { frameRate: 25 });
  assert.ok(steps(stamps).every((step) => Math.abs(step - 40) < 2.1));
  assert.equal(smooth.jumps, 0);
  assert.ok(Math.abs(stamps.at(-1)! - 149 * 40) < 5);
});

test("frames that were dropped leave a gap of their length: at once before a key frame, within a second otherwise", async () => {
  const missing = regular(200, 40).filter(({ atMs }) => atMs < 2010 || atMs >= 5000);
  const { stamps, smooth } = await run(missing, { frameRate: 25 });
  assert.equal(smooth.jumps, 1);
  assert.equal(stamps[missing.findIndex(({ atMs }) => atMs === 5000)], 5000);
  const noKeys = missing.map(({ atMs }) => ({ atMs }));
  const late = await run(noKeys, { frameRate: 25 });
  const at = noKeys.findIndex(({ atMs }) => atMs >= 6200);
  assert.ok(late.stamps.slice(at).every((stamp, i) => Math.abs(stamp - noKeys[at + i]!.atMs) < 45));
});

test("an hour of a camera whose clock is 200 ppm off stays at the live edge", async () => {
  for (const ppm of [-200, 200]) {
    const arrivals = regular(90_000, 40).map(({ atMs, key }) => ({ atMs: atMs * (1 + ppm / 1e6), key }));
    let nowUs = 0;
    const smooth = new SmoothTimestamps({ clock: { ...systemClock, nowUs: () => nowUs }, frameRate: 25 });
    let worst = 0;
    for (const { atMs } of arrivals) {
      nowUs = Math.round(atMs * 1000);
      worst = Math.max(worst, Math.abs(nowUs - smooth.next({ key: false })));
    }
    assert.ok(worst < 20_000, `${worst} µs at ${ppm} ppm`);
  }
});

test("a wrong frame rate in the SPS is found out, and a missing one measured", async () => {
  for (const [frameRate, periodMs] of [
    [25, 100],
    [10, 40],
    [30, 40],
    [undefined, 66.667],
    [undefined, 40],
  ] as const) {
    const { stamps, smooth } = await run(regular(200, periodMs), frameRate ? { frameRate } : {});
    assert.ok(Math.abs(smooth.periodUs! / 1000 - periodMs) < 0.5, `${smooth.periodUs}`);
    const settled = stamps.slice(100);
    assert.ok(settled.every((stamp, i) => Math.abs(stamp - (100 + i) * periodMs) < 30));
  }
});

test("whatever the arrivals, timestamps increase strictly, stay within a second of now and never stall", async () => {
  const gap = fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 0, max: 120 }) }, fc.integer({ min: 0, max: 4000 }));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ gap, key: fc.boolean() }), { maxLength: 120 }), async (frames) => {
      let atMs = 0;
      const arrivals = frames.map((frame) => {
        atMs += frame.gap;
        return { atMs, key: frame.key };
      });
      const { stamps } = await run(arrivals, { frameRate: 25 });
      assert.ok(steps(stamps).every((step) => step > 0));
      assert.ok(stamps.every((stamp, i) => stamp - arrivals[i]!.atMs < 1300));
    }),
    { numRuns: 100 },
  );
});
