import assert from "node:assert/strict";
import { test } from "node:test";
import { cardWords, sayRingsHere, settingWords } from "./card-words.ts";

test("a card says whether this browser rings, and what hinders it", () => {
  assert.equal(sayRingsHere("rings").short, "Rings here");
  assert.match(sayRingsHere("silent").long, /without sound until you touch it/);
  for (const how of ["offline", "quiet", "may-not"] as const)
    assert.doesNotMatch(sayRingsHere(how).short, /^Rings here/);
});

test("each card and each setting has words", () => {
  for (const { name, description } of Object.values(cardWords))
    assert.match(`${name} ${description}`, /^Doorward .*\.$/);
  for (const { label } of Object.values(settingWords)) assert.match(label, /^\S/);
});
