import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type FloorEffect, type FloorRequest, Floors, type Priority } from "./floors.ts";

const ms = 1000;

function request(turnId: string, options: Partial<FloorRequest> = {}): FloorRequest {
  const name = turnId.toUpperCase();
  return { turnId, name, priority: 0, queue: false, members: ["front"], holds: "while-heard", ...options };
}

const kinds = (effects: readonly FloorEffect[]) =>
  effects.map(
    (effect) =>
      `${effect.type} ${effect.turnId}${effect.type === "left" || effect.type === "joined" ? ` ${effect.member}` : ""}`,
  );

describe("floors", () => {
  it("is granted when free and refused with the holder's name when held", () => {
    const floor = new Floors();
    assert.deepEqual(kinds(floor.ask(request("anna"), 0)), ["granted anna"]);
    const [refusal] = floor.ask(request("ben"), 10);
    assert.ok(refusal?.type === "refused" && refusal.reason === "held");
    assert.equal(refusal.holder?.name, "ANNA");
  });

  it("is taken over by a strictly higher priority only", () => {
    const floor = new Floors();
    floor.ask(request("anna", { priority: 1 }), 0);
    assert.deepEqual(kinds(floor.ask(request("ben", { priority: 1 }), 1)), ["refused ben"]);
    assert.deepEqual(kinds(floor.ask(request("cleo", { priority: 2 }), 2)), ["pre-empted anna", "granted cleo"]);
    assert.deepEqual(kinds(floor.ask(request("dora", { priority: 2 }), 3)), ["refused dora"]);
  });

  it("serves the line by priority, then by age, and tells the others their new place", () => {
    const floor = new Floors();
    floor.ask(request("anna", { priority: 2 }), 0);
    assert.deepEqual(floor.ask(request("ben", { queue: true }), 1)[0], {
      type: "queued",
      turnId: "ben",
      position: 1,
      holder: floor.holderOf("front"),
    });
    floor.ask(request("cleo", { queue: true, priority: 1 }), 2);
    assert.deepEqual(kinds(floor.release("anna", 3)), ["released anna", "granted cleo", "queued ben"]);
    assert.deepEqual(kinds(floor.release("cleo", 4)), ["released cleo", "granted ben"]);
  });

  it("frees itself 500 ms after the last sound", () => {
    const floor = new Floors();
    floor.ask(request("anna"), 0);
    floor.heard("anna", 100 * ms);
    assert.equal(floor.nextTickUs(), 600 * ms);
    assert.deepEqual(floor.tick(599 * ms), []);
    assert.deepEqual(floor.tick(600 * ms), [{ type: "released", turnId: "anna", reason: "silent" }]);
    assert.equal(floor.nextTickUs(), undefined);
  });

  it("ends a turn that lasts too long, and tells so ten seconds before, once", () => {
    const floor = new Floors();
    floor.ask(request("anna", { limitMs: 120_000 }), 0);
    const times: (readonly [number, string])[] = [];
    for (let at = 100; at <= 130_000; at += 100) {
      floor.heard("anna", at * ms);
      for (const effect of floor.tick(at * ms)) {
        const more = effect.type === "ending" ? effect.leftMs : effect.type === "released" ? effect.reason : "";
        times.push([at, `${effect.type} ${more}`]);
      }
    }
    assert.deepEqual(times, [
      [110_000, "ending 10000"],
      [120_000, "released too-long"],
    ]);
  });

  it("knows when a turn is to be told and ended, so that nobody has to look all the time", () => {
    const floor = new Floors();
    floor.ask(request("anna", { limitMs: 120_000, holds: "until-released" }), 0);
    assert.equal(floor.nextTickUs(), 110_000 * ms);
    assert.deepEqual(kinds(floor.tick(110_000 * ms)), ["ending anna"]);
    assert.equal(floor.nextTickUs(), 120_000 * ms);
    assert.deepEqual(kinds(floor.tick(125_000 * ms)), ["released anna"]);
    assert.equal(floor.nextTickUs(), undefined);
  });

  it("gives who waits a full time of their own when another has spoken too long", () => {
    const floor = new Floors();
    floor.ask(request("anna", { limitMs: 20_000, holds: "until-released" }), 0);
    floor.ask(request("ben", { limitMs: 20_000, holds: "until-released", queue: true }), 1);
    assert.deepEqual(kinds(floor.tick(20_000 * ms)), ["released anna", "granted ben"]);
    assert.equal(floor.nextTickUs(), 30_000 * ms);
  });

  it("gives a talker three seconds for the first sound", () => {
    const floor = new Floors();
    floor.ask(request("anna"), 0);
    assert.deepEqual(floor.tick(2999 * ms), []);
    assert.deepEqual(kinds(floor.tick(3000 * ms)), ["released anna"]);
  });

  it("keeps normal and high out of a speaker that is not to be disturbed, never emergency", () => {
    const floor = new Floors();
    floor.setDoNotDisturb("front", { on: true, nowUs: 0 });
    for (const priority of [0, 1] as const) {
      const [refusal] = floor.ask(request("anna", { priority, queue: true }), 1);
      assert.ok(refusal?.type === "refused" && refusal.reason === "do-not-disturb");
    }
    assert.deepEqual(kinds(floor.ask(request("ben", { priority: 2 }), 2)), ["granted ben"]);
    const [refusal] = floor.ask(request("cleo"), 3);
    assert.ok(refusal?.type === "refused" && refusal.reason === "do-not-disturb");
    assert.equal(refusal.holder?.turnId, "ben");
  });

  it("ends a normal turn when do-not-disturb is switched on", () => {
    const floor = new Floors();
    floor.ask(request("anna"), 0);
    floor.ask(request("ben", { queue: true }), 1);
    const effects = floor.setDoNotDisturb("front", { on: true, nowUs: 2 });
    assert.deepEqual(kinds(effects), ["released anna", "refused ben"]);
  });

  it("reaches the members of a group that may be disturbed", () => {
    const floor = new Floors();
    floor.setDoNotDisturb("bedroom", { on: true, nowUs: 0 });
    const [granted] = floor.ask(request("anna", { members: ["kitchen", "bedroom"] }), 1);
    assert.ok(granted?.type === "granted");
    assert.deepEqual(granted.holder.members, ["kitchen"]);
    assert.deepEqual(granted.holder.asked, ["kitchen", "bedroom"]);
  });

  it("refuses a group while one of its members is held by an equal", () => {
    const floor = new Floors();
    floor.ask(request("anna", { members: ["kitchen"] }), 0);
    assert.deepEqual(kinds(floor.ask(request("ben", { members: ["kitchen", "hall"] }), 1)), ["refused ben"]);
  });

  it("takes only what is asked for from a turn with several speakers, which goes on and gets it back", () => {
    const floor = new Floors();
    floor.ask(request("anna", { members: ["kitchen", "hall"] }), 0);
    const taken = floor.ask(request("fire", { priority: 2, members: ["hall"] }), 1);
    assert.deepEqual(kinds(taken), ["left anna hall", "granted fire"]);
    assert.equal(floor.holderOf("kitchen")?.turnId, "anna");
    assert.deepEqual(kinds(floor.release("fire", 2)), ["released fire", "joined anna hall"]);
    assert.equal(floor.holderOf("hall")?.turnId, "anna");
  });

  it("gives what became free to who waits before it joins who goes on", () => {
    const floor = new Floors();
    floor.ask(request("anna", { members: ["kitchen", "hall"] }), 0);
    floor.ask(request("fire", { priority: 2, members: ["hall"] }), 1);
    floor.ask(request("ben", { members: ["hall"], queue: true }), 2);
    assert.deepEqual(kinds(floor.release("fire", 3)), ["released fire", "granted ben"]);
  });

  it("loses one speaker of several to do-not-disturb, and has it back afterwards", () => {
    const floor = new Floors();
    floor.ask(request("anna", { members: ["kitchen", "hall"] }), 0);
    assert.deepEqual(kinds(floor.setDoNotDisturb("hall", { on: true, nowUs: 1 })), ["left anna hall"]);
    assert.deepEqual(kinds(floor.setDoNotDisturb("hall", { on: false, nowUs: 2 })), ["joined anna hall"]);
  });

  it("follows what the turn means: who comes joins, who goes leaves, the last one ends it", () => {
    const floor = new Floors();
    floor.ask(request("anna", { members: ["kitchen"] }), 0);
    const both = { members: ["kitchen", "hall"], nowUs: 1 };
    assert.deepEqual(kinds(floor.retarget("anna", both)), ["joined anna hall"]);
    assert.deepEqual(kinds(floor.retarget("anna", { members: ["hall"], nowUs: 2 })), ["left anna kitchen"]);
    assert.deepEqual(floor.retarget("anna", { members: [], nowUs: 3 }), [
      { type: "released", turnId: "anna", reason: "gone" },
    ]);
  });

  it("dismisses who waits for speakers that are all gone", () => {
    const floor = new Floors();
    floor.ask(request("anna"), 0);
    floor.ask(request("ben", { queue: true }), 1);
    assert.deepEqual(floor.retarget("ben", { members: [], nowUs: 2 }), [
      { type: "refused", turnId: "ben", reason: "nobody" },
    ]);
  });

  it("keeps the floor of a recording, which needs not be heard, until it is released", () => {
    const floor = new Floors();
    floor.ask(request("file", { holds: "until-released" }), 0);
    assert.equal(floor.nextTickUs(), undefined);
    assert.deepEqual(floor.tick(3_600_000 * ms), []);
    assert.deepEqual(kinds(floor.release("file", 3_600_001 * ms)), ["released file"]);
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
      fc.record({
        type: fc.constant("played" as const),
        who: fc.integer({ min: 0, max: 7 }),
        member: fc.constantFrom(...members),
      }),
      fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 4000 }) }),
      fc.record({
        type: fc.constant("retarget" as const),
        who: fc.integer({ min: 0, max: 7 }),
        members: fc.subarray(members),
      }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const floor = new Floors();
        let nowUs = 0;
        const active = new Map<string, "held" | "waiting">();
        for (const one of steps) {
          let effects: FloorEffect[] = [];
          if (one.type === "take") {
            const id = `t${one.who}`;
            effects = floor.ask(
              request(id, { priority: one.priority as Priority, queue: one.queue, members: one.members }),
              nowUs,
            );
            assert.ok(effects.length > 0, "every request is answered");
          } else if (one.type === "release") effects = floor.release(`t${one.who}`, nowUs);
          else if (one.type === "heard") floor.heard(`t${one.who}`, nowUs);
          else if (one.type === "retarget") effects = floor.retarget(`t${one.who}`, { members: one.members, nowUs });
          else if (one.type === "played") effects = floor.played(`t${one.who}`, { member: one.member, nowUs });
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
        if (effect.type === "joined" || effect.type === "left") continue;
        if (effect.type === "granted") active.set(effect.turnId, "held");
        else if (effect.type === "queued") active.set(effect.turnId, "waiting");
        else if (effect.type === "refused" && effect.reason === "duplicate") continue;
        else active.delete(effect.turnId);
      }
    }

    function check(
      floor: Floors,
      now: { readonly active: Map<string, "held" | "waiting">; readonly nowUs: number },
    ): void {
      const { active, nowUs } = now;
      const held = floor.holders.flatMap(({ members: own }) => own);
      assert.equal(new Set(held).size, held.length, "a speaker has one holder");
      const told = [...active].filter(([, state]) => state === "held").map(([id]) => id);
      assert.deepEqual(new Set(floor.holders.map(({ turnId }) => turnId)), new Set(told), "holders were told so");
      for (const holder of floor.holders) {
        assert.ok(holder.members.length > 0, "a holder has something to hold");
        for (const member of holder.members)
          assert.ok(holder.asked.includes(member), "nobody holds what they did not ask for");
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
