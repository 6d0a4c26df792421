import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Admission, type Asker, type Place } from "./admission.ts";

const shares = { inAll: 8, perPerson: 3, perDevice: 5, perBlock: 6 };
const refusal = "too much of it";
const busy = { code: "busy", message: "too much of it; try again in 2 s", fields: { retryAfterSeconds: 2 } };
const who = (person: string, more: Partial<Asker> = {}): Asker => ({ person, block: "10.0.0.1", ...more });

describe("admission", () => {
  it("gives one person a share and the others theirs", () => {
    const admission = new Admission({ shares, refusal });
    for (let n = 0; n < 3; n++) admission.enter(who("mallory"));
    for (let n = 0; n < 1000; n++) assert.throws(() => admission.enter(who("mallory")), busy);
    assert.equal(admission.size, 3);
    admission.enter(who("anna"));
  });

  it("has a share for each device and each block of addresses", () => {
    const admission = new Admission({ shares, refusal });
    for (let n = 0; n < 5; n++) admission.enter({ person: `p${n}`, device: "front", block: `${n}` });
    assert.throws(() => admission.enter({ person: "p6", device: "front", block: "6" }), busy);
    admission.enter({ person: "p6", device: "yard", block: "6" });
    const blocks = new Admission({ shares, refusal });
    for (let n = 0; n < 6; n++) blocks.enter(who(`p${n}`));
    assert.throws(() => blocks.enter(who("p7")), busy);
    blocks.enter(who("p7", { block: "10.0.0.2" }));
  });

  it("gives strangers together half", () => {
    const admission = new Admission({ shares, refusal });
    for (let n = 0; n < 4; n++) admission.enter({ block: `${n}` });
    assert.throws(() => admission.enter({ block: "5" }), busy);
    admission.enter(who("anna"));
  });

  it("takes nothing from others for whoever only waits", () => {
    const admission = new Admission({ shares: { ...shares, inAll: 2, perBlock: 100 }, refusal });
    const waiting = ["a", "b", "c", "d"].map((person) => admission.wait(who(person)));
    const anna = admission.enter(who("anna"));
    waiting[0]?.begin();
    assert.throws(() => waiting[1]?.begin(), busy);
    anna[Symbol.dispose]();
    waiting[1]?.begin();
    assert.equal(admission.size, 2);
  });

  it("is empty again when all places were given back, however it went", () => {
    const person = fc.constantFrom("a", "b", undefined);
    const asker = fc.record({ person, device: fc.constantFrom("x", "y", undefined), block: fc.constantFrom("1", "2") });
    fc.assert(
      fc.property(fc.array(fc.record({ asker, begins: fc.boolean(), ends: fc.boolean() })), (steps) => {
        const admission = new Admission({ shares, refusal });
        const held: Place[] = [];
        for (const step of steps) {
          try {
            const place = admission.wait(step.asker);
            held.push(place);
            if (step.begins) place.begin();
          } catch (error) {
            assert.equal((error as { code?: string }).code, "busy");
          }
          assert.ok(admission.size <= shares.inAll);
          if (step.ends) held.shift()?.[Symbol.dispose]();
        }
        for (const place of held) {
          place[Symbol.dispose]();
          place[Symbol.dispose]();
        }
        assert.equal(admission.size, 0);
        for (let n = 0; n < 3; n++) admission.enter(who("a"));
      }),
    );
  });
});
