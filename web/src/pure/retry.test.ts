import assert from "node:assert/strict";
import { test } from "node:test";
import { doubtAfterMs, retryDelayMs, staleAfterMs } from "./retry.ts";

test("the first retry is at once, later ones ever rarer, never rarer than 8 s", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 100].map(retryDelayMs), [0, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

test("a slow camera is given more time before its picture counts as still", () => {
  assert.equal(staleAfterMs(40), 2500);
  assert.equal(staleAfterMs(2000), 8000);
  assert.equal(doubtAfterMs(40), 500);
});
