import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Floor, type FloorEffect, type FloorRequest, type Priority } from "./floor.ts";

const ms = 1000;

function request(
  talkerId: string,
  options: Partial<FloorRequest> & { readonly members?: string[] } = {},
): FloorRequest {
  const members = options.members ?? ["front"];
  return {
    talkerId,
    name: talkerId.toUpperCase(),
    priority: options.priority ?? 0,
    queue: options.queue ?? false,
    channel: { id: members.join("+"), members },
  };
}

const kinds = (effects: readonly FloorEffect[]) =>
  effects.map((effect) => `${effect.type} ${effect.type === "granted" ? effect.holder.talkerId : effect.talkerId}`);

describe("floor", () => {
  it("is granted when free and refused with the holder's name when held", () => {
    const floor = new Floor();
    assert.deepEqual(kinds(floor.take(request("anna"), 0)), ["granted anna"]);
    const [refusal] = floor.take(request("ben"), 10);
    assert.ok(refusal?.type === "refused" && refusal.reason === "held");
    assert.equal(refusal.holder?.name, "ANNA");
  });

  it("is taken over by a strictly higher priority only", () => {
    const floor = new Floor();
    floor.take(request("anna", { priority: 1 }), 0);
    assert.deepEqual(kinds(floor.take(request("ben", { priority: 1 }), 1)), ["refused ben"]);
    assert.deepEqual(kinds(floor.take(request("cleo", { priority: 2 }), 2)), ["pre-empted anna", "granted cleo"]);
    assert.deepEqual(kinds(floor.take(request("dora", { priority: 2 }), 3)), ["refused dora"]);
  });

  it("serves the line by priority, then by age, and tells the others their new place", () => {
    const floor = new Floor();
    floor.take(request("anna", { priority: 2 }), 0);
    assert.deepEqual(floor.take(request("ben", { queue: true }), 1)[0], {
      type: "queued",
      talkerId: "ben",
      position: 1,
      holder: floor.holderOf("front"),
    });
    floor.take(request("cleo", { queue: true, priority: 1 }), 2);
    assert.deepEqual(kinds(floor.release("anna", 3)), ["released anna", "granted cleo", "queued ben"]);
    assert.deepEqual(kinds(floor.release("cleo", 4)), ["released cleo", "granted ben"]);
  });

  it("frees itself 500 ms after the last sound", () => {
    const floor = new Floor();
    floor.take(request("anna"), 0);
    floor.heard("anna", 100 * ms);
    assert.equal(floor.nextTickUs(), 600 * ms);
    assert.deepEqual(floor.tick(599 * ms), []);
    assert.deepEqual(floor.tick(600 * ms), [{ type: "released", talkerId: "anna", reason: "silent" }]);
    assert.equal(floor.nextTickUs(), undefined);
  });

  it("gives a talker three seconds for the first sound", () => {
    const floor = new Floor();
    floor.take(request("anna"), 0);
    assert.deepEqual(floor.tick(2999 * ms), []);
    assert.deepEqual(kinds(floor.tick(3000 * ms)), ["released anna"]);
  });

  it("keeps normal and high out of a speaker that is not to be disturbed, never emergency", () => {
    const floor = new Floor();
    floor.setDoNotDisturb("front", { on: true, nowUs: 0 });
    for (const priority of [0, 1] as const) {
      const [refusal] = floor.take(request("anna", { priority, queue: true }), 1);
      assert.ok(refusal?.type === "refused" && refusal.reason === "do-not-disturb");
    }
    assert.deepEqual(kinds(floor.take(request("ben", { priority: 2 }), 2)), ["granted ben"]);
    const [refusal] = floor.take(request("cleo"), 3);
    assert.ok(refusal?.type === "refused" && refusal.reason === "do-not-disturb");
    assert.equal(refusal.holder?.talkerId, "ben");
  });

  it("ends a normal turn when do-not-disturb is switched on", () => {
    const floor = new Floor();
    floor.take(request("anna"), 0);
    floor.take(request("ben", { queue: true }), 1);
    const effects = floor.setDoNotDisturb("front", { on: true, nowUs: 2 });
    assert.deepEqual(kinds(effects), ["released anna", "refused ben"]);
  });

  it("reaches the members of a group that may be disturbed", () => {
    const floor = new Floor();
    floor.setDoNotDisturb("bedroom", { on: true, nowUs: 0 });
    const [granted] = floor.take(request("anna", { members: ["kitchen", "bedroom"] }), 1);
    assert.ok(granted?.type === "granted");
    assert.deepEqual(granted.holder.members, ["kitchen"]);
  });

  it("refuses a group while one of its members is held by an equal", () => {
    const floor = new Floor();
    floor.take(request("anna", { members: ["kitchen"] }), 0);
    assert.deepEqual(kinds(floor.take(request("ben", { members: ["kitchen", "hall"] }), 1)), ["refused ben"]);
  });

  it("holds its promises whatever happens", () => {
    const members = ["a", "b", "c"];
    const step = fc.oneof(
      fc.record({
        type: fc.constant("take" as const),
        who: fc.integer({ min: 0, max: 7 }),
        priority: fc.integer({ min: 0, max: 2 }),
        queue: fc.boolean(),
        members: fc.subarray(members, { minLength: 1 }),
      }),
      fc.record({ type: fc.constant("release" as const), who: fc.integer({ min: 0, max: 7 }) }),
      fc.record({ type: fc.constant("heard" as const), who: fc.integer({ min: 0, max: 7 }) }),
      fc.record({ type: fc.constant("dnd" as const), member: fc.constantFrom(...members), on: fc.boolean() }),
      fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 4000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const floor = new Floor();
        let nowUs = 0;
        const active = new Map<string, "held" | "waiting">();
        for (const one of steps) {
          let effects: FloorEffect[] = [];
          if (one.type === "take") {
            const id = `t${one.who}`;
            effects = floor.take(
              request(id, { priority: one.priority as Priority, queue: one.queue, members: one.members }),
              nowUs,
            );
            assert.ok(effects.length > 0, "every request is answered");
          } else if (one.type === "release") effects = floor.release(`t${one.who}`, nowUs);
          else if (one.type === "heard") floor.heard(`t${one.who}`, nowUs);
          else if (one.type === "dnd") effects = floor.setDoNotDisturb(one.member, { on: one.on, nowUs });
          else {
            nowUs += one.ms * ms;
            effects = floor.tick(nowUs);
          }
          track(effects, active);
          check(floor, { active, nowUs });
        }
        for (const id of [...active.keys()]) track(floor.release(id, nowUs), active);
        for (const id of [...active.keys()]) track(floor.release(id, nowUs), active);
        assert.equal(floor.holders.length, 0, "nothing is held for ever");
      }),
      { numRuns: 500 },
    );

    function track(effects: readonly FloorEffect[], active: Map<string, "held" | "waiting">): void {
      for (const effect of effects) {
        if (effect.type === "granted") active.set(effect.holder.talkerId, "held");
        else if (effect.type === "queued") active.set(effect.talkerId, "waiting");
        else if (effect.type === "refused" && effect.reason === "duplicate") continue;
        else active.delete(effect.talkerId);
      }
    }

    function check(
      floor: Floor,
      now: { readonly active: Map<string, "held" | "waiting">; readonly nowUs: number },
    ): void {
      const { active, nowUs } = now;
      const held = floor.holders.flatMap(({ members: own }) => own);
      assert.equal(new Set(held).size, held.length, "a speaker has one holder");
      const told = [...active].filter(([, state]) => state === "held").map(([id]) => id);
      assert.deepEqual(new Set(floor.holders.map(({ talkerId }) => talkerId)), new Set(told), "holders were told so");
      for (const holder of floor.holders) {
        if (holder.priority === 2) continue;
        for (const member of holder.members) assert.ok(!floor.isQuiet(member), "nobody is disturbed");
      }
      const next = floor.nextTickUs();
      assert.ok(next === undefined || next > nowUs - 4_000_001, "expiry is in sight");
      if (floor.holders.length === 0) {
        assert.ok(![...active.values()].includes("waiting"), "nobody waits for a free floor");
      }
    }
  });
});
