import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { LogInGuard } from "./log-in-guard.ts";
import type { Problem } from "./problem.ts";

function rig() {
  const clock = new ManualClock();
  const guard = new LogInGuard({ clock });
  const refusal = (attempt: Parameters<LogInGuard["begin"]>[0]): number | undefined => {
    try {
      guard.begin(attempt);
      return undefined;
    } catch (error) {
      const { code, message, fields } = error as Problem;
      const retryAfterSeconds = Number(fields["retryAfterSeconds"]);
      assert.equal(code, "too-many-tries");
      assert.ok(message.includes(` ${retryAfterSeconds} s`), message);
      return retryAfterSeconds;
    }
  };
  return { clock, guard, refusal };
}

describe("guessing passwords", () => {
  it("ends for a block of addresses after ten tries a minute, whatever the names", async () => {
    const { clock, refusal } = rig();
    for (let n = 0; n < 10; n++) assert.equal(refusal({ account: `name ${n}`, block: "a" }), undefined);
    assert.equal(refusal({ account: "another", block: "a" }), 6);
    assert.equal(refusal({ account: "another", block: "b" }), undefined);
    await clock.advance(6000);
    assert.equal(refusal({ account: "another", block: "a" }), undefined);
  });

  it("ends for an account after twenty tries, from however many addresses; the time said is the time it takes", async () => {
    const { clock, refusal } = rig();
    for (let n = 0; n < 20; n++) assert.equal(refusal({ account: n % 2 ? "Anna" : " anna", block: `${n}` }), undefined);
    const seconds = refusal({ account: "ANNA", block: "new" });
    assert.equal(seconds, 45);
    await clock.advance(44_000);
    assert.equal(refusal({ account: "Anna", block: "new" }), 1);
    await clock.advance(1000);
    assert.equal(refusal({ account: "Anna", block: "new" }), undefined);
  });

  it("locks no browser out that signed in before, and counts its own tries", () => {
    const { guard, refusal } = rig();
    for (let n = 0; n < 100; n++) refusal({ account: "Anna", block: `${n}` });
    for (let n = 0; n < 10; n++) assert.equal(guard.begin({ account: "Anna", block: "x", known: "phone" }).rank, 0);
    assert.equal(refusal({ account: "Anna", block: "x", known: "phone" }), 60);
  });

  it("counts from the start and gives back what succeeded", () => {
    const { guard, refusal } = rig();
    for (let n = 0; n < 100; n++) guard.begin({ account: "Anna", block: "a" }).succeeded();
    const waiting = Array.from({ length: 10 }, () => guard.begin({ account: "Anna", block: "a" }));
    assert.ok(refusal({ account: "Anna", block: "a" }));
    waiting[0]?.succeeded();
    assert.equal(refusal({ account: "Anna", block: "a" }), undefined);
  });

  it("puts whoever was wrong a moment ago behind who was not", () => {
    const { guard } = rig();
    assert.equal(guard.begin({ account: "Anna", block: "a" }).rank, 1);
    assert.equal(guard.begin({ account: "Ben", block: "a" }).rank, 2);
    assert.equal(guard.begin({ account: "Ben", block: "b" }).rank, 1);
  });
});
