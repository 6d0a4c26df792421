import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  deviceRights,
  type Grant,
  grantSchema,
  isWithin,
  Policy,
  type Principal,
  type Right,
  rights,
} from "./policy.ts";

const anna: Principal = { userId: "1", name: "Anna", via: "session", credentialId: "s" };

function tokenFor(limits: readonly Grant[]): Principal {
  return { ...anna, via: "token", credentialId: "t", limits };
}

function policyWith(grants: readonly Grant[], administrator = false): Policy {
  return new Policy({ rightsOf: () => ({ administrator, grants }) });
}

const anyRight = fc.constantFrom<Right>(...deviceRights);
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
    for (const right of deviceRights) {
      assert.deepEqual(policyWith([{ scope: "*", rights: [right] }]).rights(anna, { id: "a" }), [right]);
    }
    assert.deepEqual(policyWith([], true).rights(anna), rights);
    assert.deepEqual(policyWith([], true).rights(anna, { id: "a" }), deviceRights);
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

  it("keeps the hub's numbers apart: a right about the hub alone, which its administrators have too", () => {
    const numbers = policyWith([{ scope: "*", rights: ["metrics"] }]);
    assert.deepEqual(numbers.rights(anna), ["metrics"]);
    assert.deepEqual(numbers.rights(anna, { id: "a" }), []);
    assert.equal(policyWith([{ scope: "*", rights: ["administer"] }]).allows(anna, "metrics"), true);
    assert.equal(
      policyWith([{ scope: "area:House", rights: ["administer", "metrics"] }]).allows(anna, "metrics"),
      false,
    );
  });

  it("gives a token what both its person and itself may, whoever the person is", () => {
    fc.assert(
      fc.property(anyGrants, anyGrants, fc.boolean(), anySubject, (held, limits, administrator, subject) => {
        const policy = policyWith(held, administrator);
        const person = policy.rights(anna, subject);
        const limit = policyWith(limits).rights(anna, subject);
        const expected = person.filter((right) => limit.includes(right));
        assert.deepEqual(policy.rights(tokenFor(limits), subject), expected);
      }),
    );
  });

  it("knows only its own rights and scopes", () => {
    for (const scope of ["", "**", "area:", "device:", "device:a b", "user:1"]) {
      assert.equal(grantSchema.safeParse({ scope, rights: [] }).success, false, scope);
    }
    assert.equal(grantSchema.safeParse({ scope: "*", rights: ["root"] }).success, false);
  });
});

describe("who may manage whom", () => {
  const root: Principal = { ...anna, userId: "root" };
  const house: Grant = { scope: "*", rights: ["view", "administer"] };
  const policy = new Policy({
    rightsOf: ({ userId }) => ({ administrator: userId === "root", grants: [house] }),
  });
  const person = (...grants: readonly Grant[]) => ({ administrator: false, grants });

  it("administrators everybody, others nobody who has more than they have", () => {
    const administrator = { administrator: true, grants: [] };
    assert.equal(policy.mayManage(root, administrator), true);
    assert.equal(policy.mayManage(anna, administrator), false);
    assert.equal(policy.mayManage(anna, person({ scope: "area:House", rights: ["view"] })), true);
    assert.equal(policy.mayManage(anna, person({ scope: "device:a", rights: ["unlock"] })), false);
    assert.equal(policy.mayManage(anna, person({ scope: "*", rights: ["metrics"] })), true);
  });

  it("nobody without the right to administer the whole hub, and never a token", () => {
    const small = policyWith([{ scope: "area:House", rights: ["view", "administer"] }]);
    assert.equal(small.mayManage(anna, person()), false);
    assert.equal(policy.mayManage({ ...tokenFor([house]), userId: "root" }, person()), false);
  });

  it("a token may be made for rights that its person has somewhere", () => {
    const held = person({ scope: "area:House", rights: ["view"] }, { scope: "*", rights: ["administer"] });
    assert.equal(isWithin([{ scope: "*", rights: ["view", "metrics"] }], held), true);
    assert.equal(isWithin([{ scope: "*", rights: ["talk"] }], held), false);
    assert.equal(isWithin([{ scope: "*", rights: [...rights] }], { administrator: true, grants: [] }), true);
  });
});
