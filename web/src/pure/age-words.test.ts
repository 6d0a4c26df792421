import assert from "node:assert/strict";
import { test } from "node:test";
import { sayLast } from "./age-words.ts";

test("a last picture says that it is one, and how old it is", () => {
  assert.equal(sayLast(300), "Its last picture, 1 s old");
  assert.equal(sayLast(5 * 60_000), "Its last picture, 5 min old");
  assert.equal(sayLast(3 * 86_400_000), "Its last picture, 3 days old");
});
