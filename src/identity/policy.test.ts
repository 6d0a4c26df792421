import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Grant, grantSchema, Policy, type Principal, type Right, rights } from "./policy.ts";

const anna: Principal = { userId: "1", name: "Anna", via: "session", credentialId: "s" };

function policyWith(grants: readonly Grant[], administrator = false): Policy {
  return new Policy({ rightsOf: () => ({ administrator, grants }) });
}

const anyRight = fc.constantFrom<Right>(...rights);
const anySubject = fc.record({ id: fc.constantFrom("a", "b"), area: fc.constantFrom(undefined, "House", "Yard") });
const anyScope = fc.constantFrom("*", "area:House", "area:Yard", "device:a", "device:b");
const anyGrants = fc.array(fc.record({ scope: anyScope, rights: fc.array(anyRight) }));

describe("policy", () => {
  it("denies by default", () => {
    for (const right of rights) {
      assert.equal(policyWith([]).allows(anna, right, { id: "a" }), false);
      assert.equal(policyWith([], true).allows(undefined, right, { id: "a" }), false);
      assert.equal(new Policy({ rightsOf: () => undefined }).allows(anna, right, { id: "a" }), false);
    }
  });

  it("allows exactly what some grant that covers the device gives", () => {
    fc.assert(
      fc.property(anyGrants, anyRight, anySubject, (grants, right, subject) => {
        const expected = grants.some(
          ({ scope, rights: given }) =>
            given.includes(right) &&
            (scope === "*" ||
              scope === `device:${subject.id}` ||
              (subject.area !== undefined && scope === `area:${subject.area}`)),
        );
        assert.equal(policyWith(grants).allows(anna, right, subject), expected);
      }),
    );
  });

  it("keeps rights separate: one never brings another, but for administrators", () => {
    for (const right of rights) {
      assert.deepEqual(policyWith([{ scope: "*", rights: [right] }]).rights(anna, { id: "a" }), [right]);
    }
    assert.deepEqual(policyWith([], true).rights(anna), rights);
  });

  it("takes a grant for one device or area as nothing for the hub", () => {
    const policy = policyWith([
      { scope: "device:a", rights: ["administer"] },
      { scope: "area:House", rights: ["administer"] },
    ]);
    assert.equal(policy.allows(anna, "administer"), false);
    assert.equal(policy.allows(anna, "administer", { id: "a" }), true);
    assert.equal(policy.allows(anna, "administer", { id: "b", area: "House" }), true);
    assert.equal(policy.allows(anna, "administer", { id: "b" }), false);
  });

  it("knows only its own rights and scopes", () => {
    for (const scope of ["", "**", "area:", "device:", "device:a b", "user:1"]) {
      assert.equal(grantSchema.safeParse({ scope, rights: [] }).success, false, scope);
    }
    assert.equal(grantSchema.safeParse({ scope: "*", rights: ["root"] }).success, false);
  });
});
