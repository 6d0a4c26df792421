import assert from "node:assert/strict";
import { it } from "node:test";
import { sayRing } from "./ring-words.ts";

it("a ring says who it is and where", () => {
  const said = (deviceIds: readonly string[]) => sayRing({ caller: "Anna", deviceIds }, (id) => id.toUpperCase());
  assert.equal(said(["kitchen"]), "Anna rings at KITCHEN");
  assert.equal(said(["kitchen", "hall"]), "Anna rings at KITCHEN and HALL");
  assert.equal(said(["kitchen", "hall", "attic"]), "Anna rings at KITCHEN and 2 more");
  assert.equal(said([]), "Anna rings");
});
