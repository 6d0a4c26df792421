import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf, splitPlaces } from "./fault-words.ts";

test("a place in a file is told apart from what is wrong there", () => {
  assert.deepEqual(placeOf("doorward.yaml:12: devices.yard.volumme: there is no such setting"), {
    file: "doorward.yaml:12",
    words: "devices.yard.volumme: there is no such setting",
  });
  assert.deepEqual(placeOf("doorward.yaml:1: a fault\nof two lines"), {
    file: "doorward.yaml:1",
    words: "a fault\nof two lines",
  });
  for (const words of ["/etc/doorward.yaml is gone: put it back", "device yard: transport: no", ""]) {
    assert.deepEqual(placeOf(words), { file: "", words });
  }
});

test("of many places three are shown at first", () => {
  const sizes = (count: number) => {
    const { first, more } = splitPlaces(Array.from({ length: count }, (_, n) => `a:${n}: x`));
    return [first.length, more.length];
  };
  assert.deepEqual([0, 1, 3, 4, 5, 100].map(sizes), [
    [0, 0],
    [1, 0],
    [3, 0],
    [4, 0],
    [3, 2],
    [3, 97],
  ]);
});
