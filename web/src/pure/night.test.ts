import assert from "node:assert/strict";
import { test } from "node:test";
import { isNight } from "./night.ts";

test("the night may span midnight", () => {
  const night = { from: 22, to: 6 };
  assert.deepEqual(
    [21, 22, 0, 5, 6, 12].map((hour) => isNight(hour, night)),
    [false, true, true, true, false, false],
  );
  assert.equal(isNight(3, { from: 1, to: 5 }), true);
  assert.equal(isNight(3, { from: 8, to: 8 }), false);
});
