import assert from "node:assert/strict";
import { test } from "node:test";
import { isBetterWhole } from "./fit.ts";

const tile = { widthPx: 640, heightPx: 360 };

test("an upright doorbell is shown whole on a wide tile, and a wide camera on an upright one", () => {
  assert.ok(isBetterWhole({ widthPx: 360, heightPx: 640 }, tile));
  assert.ok(isBetterWhole({ widthPx: 1920, heightPx: 1080 }, { widthPx: 300, heightPx: 500 }));
});

test("a picture that loses little fills its tile; one of unknown size does until it is known", () => {
  assert.ok(!isBetterWhole({ widthPx: 1920, heightPx: 1080 }, tile));
  assert.ok(!isBetterWhole({ widthPx: 640, heightPx: 480 }, tile));
  assert.ok(!isBetterWhole({ widthPx: 0, heightPx: 0 }, tile));
});
