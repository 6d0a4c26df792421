import assert from "node:assert/strict";
import { test } from "node:test";
import { sayDelay } from "./delay-words.ts";

test("a delay is counted from the camera where its clock is right, and is called so", () => {
  assert.deepEqual(sayDelay({ by: "camera-clock", ms: 120 }, 61), {
    name: "Delay from the camera, by its clock",
    value: "about 181 ms",
  });
  assert.equal(sayDelay({ by: "camera-clock", ms: 120 }, undefined).value, "–");
});

test("without a clock it is counted from the hub, and is called so", () => {
  assert.deepEqual(sayDelay(undefined, 60.6), { name: "Delay from the hub", value: "about 61 ms" });
});

test("a clock that is wrong is named, and only what it can tell is told", () => {
  const behind = sayDelay({ by: "wrong-clock", offByMs: 184_000, overBestMs: 12 }, 60);
  assert.equal(behind.name, "Delay from the hub");
  assert.equal(behind.value, "about 60 ms");
  assert.equal(behind.note, "It is 3 min behind: how long a picture takes to the hub cannot be told.");
  const ahead = sayDelay({ by: "wrong-clock", offByMs: -7_200_000, overBestMs: 310 }, 60);
  assert.match(ahead.note ?? "", /^It is 2 h ahead: .* Now it takes 310 ms longer than at its best\.$/);
});
