import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { guardTimers, ManualClock } from "./clock.ts";
import { Faults } from "./faults.ts";
import { silentLog } from "./log.ts";

describe("faults", () => {
  it("stand from when they are raised until they are cleared, and are told once each", async () => {
    const clock = new ManualClock();
    const faults = new Faults({ clock, log: silentLog });
    const told: string[] = [];
    faults.onChange(() => {
      throw new Error("a listener that fails");
    });
    using _told = faults.onChange(() =>
      told.push(
        faults
          .list()
          .map(({ id, what }) => `${id}: ${what}`)
          .join(),
      ),
    );
    const sinceMs = clock.wallMs();
    faults.raise("store", { what: "full", advice: "make room" });
    faults.raise("store", { what: "full", advice: "make room" });
    await clock.advance(1000);
    faults.raise("store", { what: "locked", advice: "wait" });
    assert.deepEqual(faults.list(), [{ id: "store", what: "locked", advice: "wait", sinceMs }]);
    faults.raise("store", { what: "locked", advice: "wait", places: ["a:1: here"] });
    assert.deepEqual(faults.list()[0]?.places, ["a:1: here"]);
    faults.clear("store");
    faults.clear("store");
    assert.deepEqual(told, ["store: full", "store: locked", "store: locked", ""]);
  });
});

describe("guarded timers", () => {
  it("hand over what their callbacks throw, and go on", async () => {
    const clock = new ManualClock();
    const errors: unknown[] = [];
    const guarded = guardTimers(clock, (error) => errors.push(error));
    let ran = 0;
    guarded.timer(10, () => {
      throw new Error("in a timer");
    });
    guarded.timer(20, () => ran++);
    using _never = guarded.timer(30, () => ran++);
    _never[Symbol.dispose]();
    await clock.advance(100);
    assert.deepEqual(errors.map(String), ["Error: in a timer"]);
    assert.equal(ran, 1);
    assert.equal(guarded.nowUs(), clock.nowUs());
  });
});
