import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "./pace.ts";

test("pictures at an even pace move after a few of them", () => {
  const pace = new Pace();
  assert.deepEqual(
    [0, 40, 80, 120, 160].map((ms) => pace.picture(ms)),
    [false, false, false, true, true],
  );
});

test("the pace of a slow camera is learned", () => {
  const pace = new Pace();
  for (let ms = 0; ms < 40_000; ms += 800) pace.picture(ms);
  assert.ok(pace.intervalMs > 700);
});

test("a picture that is shown again every three seconds does not move, nor does a burst of old ones", () => {
  const pace = new Pace();
  for (let ms = 0; ms <= 1000; ms += 40) pace.picture(ms);
  const again = [4000, 4012, 7000, 7012, 7024, 7036, 7048, 7060, 10_000];
  assert.deepEqual(
    again.map((ms) => pace.picture(ms)),
    again.map(() => false),
  );
});
