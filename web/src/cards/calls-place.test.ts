import assert from "node:assert/strict";
import { test } from "node:test";
import { CallsPlace } from "./calls-place.ts";

test("calls are shown by one card of a page: the newest, and when it goes by the one before", () => {
  const place = new CallsPlace();
  let changes = 0;
  place.addEventListener("change", () => changes++);
  const [one, two] = [{}, {}];
  const held = place.take(one);
  const second = place.take(two);
  assert.deepEqual([place.isAt(one), place.isAt(two)], [false, true]);
  second[Symbol.dispose]();
  second[Symbol.dispose]();
  assert.deepEqual([place.isAt(one), place.isAt(two)], [true, false]);
  held[Symbol.dispose]();
  assert.equal(place.isAt(one), false);
  assert.equal(changes, 5);
});
