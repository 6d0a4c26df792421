import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Habit, habitFrom, hourOf, opened, usualAt } from "./habits.ts";

const after = (...times: readonly (readonly [day: number, hour: number])[]) =>
  times.reduce<Habit | undefined>((habit, [day, hour]) => opened(habit, { day, hour }), undefined);

describe("habits", () => {
  it("take an hour for usual after two days, also with two days between, and not after one however often", () => {
    assert.equal(usualAt(after([10, 7], [10, 7], [10, 7]), { day: 10, hour: 7 }), 0);
    assert.ok(usualAt(after([10, 7], [11, 7]), { day: 11, hour: 7 }) > 0);
    assert.ok(usualAt(after([10, 7], [13, 7]), { day: 13, hour: 7 }) > 0);
    assert.equal(usualAt(after([10, 7], [15, 7]), { day: 15, hour: 7 }), 0);
    assert.equal(usualAt(after([10, 7], [11, 7]), { day: 11, hour: 8 }), 0, "another hour");
  });

  it("fade: what was usual for weeks lasts longer than what was so twice", () => {
    const twice = after([10, 7], [11, 7]);
    assert.ok(usualAt(twice, { day: 12, hour: 7 }) > 0);
    assert.equal(usualAt(twice, { day: 13, hour: 7 }), 0);
    const long = after(...Array.from({ length: 30 }, (_, n) => [n, 7] as const));
    assert.ok(usualAt(long, { day: 37, hour: 7 }) > 0);
    assert.equal(usualAt(long, { day: 45, hour: 7 }), 0);
    assert.ok(usualAt(long, { day: 30, hour: 7 }) > usualAt(twice, { day: 12, hour: 7 }));
  });

  it("come back as they were kept, and are nothing where something else was", () => {
    const habit = after([10, 7], [11, 23]);
    assert.deepEqual(habitFrom(JSON.parse(JSON.stringify(habit))), habit);
    for (const odd of [undefined, null, 7, {}, { ...habit, scores: [1] }, { ...habit, counted: Array(24).fill("x") }]) {
      assert.equal(habitFrom(odd), undefined);
    }
  });

  it("count days and hours by the clock on the wall", () => {
    assert.deepEqual(hourOf(Date.UTC(1970, 0, 3, 23, 59)), { day: 2, hour: 23 });
  });
});
