import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loudnessOf, percentOfVolume, volumeOfPercent } from "./loudness.ts";

describe("loudness", () => {
  it("is the setting's, nothing where it is muted or 0, and at least the sound's own in an emergency", () => {
    for (const [volume, muted, ordinary, emergency] of [
      [1, false, 1, 1],
      [0.3, false, 0.3, 1],
      [2, false, 2, 2],
      [0, false, undefined, 1],
      [1, true, undefined, 1],
      [2, true, undefined, 2],
    ] as const) {
      for (const priority of [0, 1] as const) assert.equal(loudnessOf({ volume, muted }, priority), ordinary);
      assert.equal(loudnessOf({ volume, muted }, 2), emergency);
    }
  });

  it("is a knob from 0 to 100 elsewhere, and comes back as it went", () => {
    for (let percent = 0; percent <= 100; percent++) assert.equal(percentOfVolume(volumeOfPercent(percent)), percent);
    assert.deepEqual([volumeOfPercent(-5), volumeOfPercent(300), volumeOfPercent(49.6)], [0, 1, 0.5]);
    assert.equal(percentOfVolume(4), 100);
  });
});
