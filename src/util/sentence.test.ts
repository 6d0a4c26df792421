import assert from "node:assert/strict";
import { test } from "node:test";
import { beginSentence, wholeSentence } from "./sentence.ts";

test("a sentence begins with a large letter, but for an address", () => {
  const same = [
    "",
    "nonsense:554 cannot be reached",
    "http://yard.lan/x is not listed",
    "cam.lan closed",
    "./x is not there",
  ];
  for (const text of same) assert.equal(beginSentence(text), text);
  assert.equal(beginSentence("camera: the picture ended"), "Camera: the picture ended");
  assert.equal(beginSentence("there is no file /x"), "There is no file /x");
  assert.deepEqual(["it broke", "did it?", "cam.lan:554 closed"].map(wholeSentence), [
    ...["It broke.", "Did it?", "cam.lan:554 closed."],
  ]);
});
