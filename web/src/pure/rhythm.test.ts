import assert from "node:assert/strict";
import { test } from "node:test";
import { Rhythm } from "./rhythm.ts";

test("pictures at an even rhythm move after a few of them", () => {
  const rhythm = new Rhythm();
  assert.deepEqual(
    [0, 40, 80, 120, 160].map((ms) => rhythm.picture(ms)),
    [false, false, false, true, true],
  );
});

test("the rhythm of a slow camera is learned", () => {
  const rhythm = new Rhythm();
  for (let ms = 0; ms < 40_000; ms += 800) rhythm.picture(ms);
  assert.ok(rhythm.intervalMs > 700);
});

test("a picture that is shown again every three seconds does not move, nor does a burst of old ones", () => {
  const rhythm = new Rhythm();
  for (let ms = 0; ms <= 1000; ms += 40) rhythm.picture(ms);
  const again = [4000, 4012, 7000, 7012, 7024, 7036, 7048, 7060, 10_000];
  assert.deepEqual(
    again.map((ms) => rhythm.picture(ms)),
    again.map(() => false),
  );
});
