import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Grant, given, hasSomewhere, rights, sayGrants, sayRights, scopes, withRight } from "./rights.ts";

test("talking brings seeing with it, and losing sight takes talking away", () => {
  const talking = withRight([], { scope: "area:Entrance", right: "talk", on: true });
  assert.deepEqual(talking, [{ scope: "area:Entrance", rights: ["view", "talk"] }]);
  assert.deepEqual(withRight(talking, { scope: "area:Entrance", right: "view", on: false }), []);
});

test("what is given everywhere is inherited by each area", () => {
  const grants: Grant[] = [{ scope: "*", rights: ["view"] }];
  assert.equal(given(grants, "area:Yard", "view"), "inherited");
  assert.equal(given(grants, "*", "view"), "own");
  assert.equal(given(grants, "area:Yard", "talk"), "no");
});

test("the columns are everywhere, the areas, and what somebody has of their own", () => {
  const grants: Grant[] = [
    { scope: "device:gate", rights: ["view"] },
    { scope: "area:Attic", rights: ["view"] },
  ];
  assert.deepEqual(
    scopes(["Yard", "Entrance"], grants, (id) => (id === "gate" ? "Garden gate" : undefined)).map(({ label }) => label),
    ["Everywhere", "Entrance", "Yard", "Garden gate", "Attic"],
  );
});

test("switching a right on and off again never leaves an empty grant, and leaves other places alone", () => {
  const other: Grant = { scope: "area:Yard", rights: ["view", "listen"] };
  fc.assert(
    fc.property(fc.array(fc.record({ right: fc.constantFrom(...rights), on: fc.boolean() })), (steps) => {
      let grants: readonly Grant[] = [other];
      for (const step of steps) grants = withRight(grants, { scope: "*", ...step });
      assert.deepEqual(
        grants.find(({ scope }) => scope === "area:Yard"),
        other,
      );
      assert.ok(grants.every((grant) => grant.rights.length > 0));
    }),
  );
});

test("rights read as verbs", () => {
  assert.equal(sayRights(["talk", "view"]), "see, talk");
  assert.equal(sayRights(rights), "everything");
});

test("a token's rights read as a sentence", () => {
  const name = (id: string) => (id === "gate" ? "Gate" : undefined);
  const grants: Grant[] = [
    { scope: "*", rights: ["view", "listen"] },
    { scope: "area:Garden", rights: ["talk"] },
    { scope: "device:gate", rights: ["unlock"] },
  ];
  assert.equal(sayGrants(grants, name), "see, hear everywhere; talk in Garden; unlock at Gate");
  assert.equal(sayGrants([{ scope: "*", rights: ["metrics"] }], name), "read the hub's numbers");
  assert.equal(sayGrants([{ scope: "*", rights: [...rights] }], name), "everything everywhere");
  assert.equal(sayGrants([], name), "nothing");
});

test("what somebody has anywhere can be lent to a token", () => {
  const person = { administrator: false, grants: [{ scope: "area:Garden", rights: ["view"] }] as Grant[] };
  assert.equal(hasSomewhere(person, "view"), true);
  assert.equal(hasSomewhere(person, "talk"), false);
  assert.equal(hasSomewhere({ ...person, administrator: true }, "metrics"), true);
  assert.equal(
    hasSomewhere({ administrator: false, grants: [{ scope: "*", rights: ["administer"] }] }, "metrics"),
    true,
  );
});
