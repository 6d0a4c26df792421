import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileSize, sayOffer, soundLength } from "./sound-words.ts";

describe("words for sounds", () => {
  it("say how long and how large a file is, and that it is none", () => {
    assert.deepEqual([0.2, 59.4, 60, 119.7, 605].map(soundLength), [
      "1 s",
      "59 s",
      "1:00 min",
      "2:00 min",
      "10:05 min",
    ]);
    assert.equal(soundLength(undefined), "not a sound that can be played");
    assert.deepEqual([5, 2048, 3_500_000].map(fileSize), ["1 KiB", "2 KiB", "3.3 MiB"]);
  });

  it("say who offers what", () => {
    const said = sayOffer({ host: "http://ha.local:8123", by: "Home Assistant (Anna)" });
    assert.match(said, /^Home Assistant \(Anna\) asks to have sounds fetched from http:\/\/ha\.local:8123\./);
  });
});
