import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { ManualClock } from "./clock.ts";
import { until } from "./until.ts";

const never = new Promise<never>(() => {});

describe("until", () => {
  it("gives what the work gives, and leaves no listener and no timer behind", async () => {
    const clock = new ManualClock();
    const { signal } = new AbortController();
    const within = { ms: 100, clock, error: () => new Error("late") };
    assert.equal(await until(Promise.resolve(7), { signal, within }), 7);
    await assert.rejects(until(Promise.reject(new Error("broken")), { signal, within }), /broken/);
    assert.equal(getEventListeners(signal, "abort").length, 0);
    assert.equal(clock.pending, 0);
  });

  it("throws the reason of an abort, also of one before", async () => {
    const stop = new AbortController();
    const wait = until(never, { signal: stop.signal });
    stop.abort(new Error("enough"));
    await assert.rejects(wait, /enough/);
    await assert.rejects(until(never, { signal: stop.signal }), /enough/);
  });

  it("throws its own error when the time is over", async () => {
    const clock = new ManualClock();
    const wait = assert.rejects(until(never, { within: { ms: 100, clock, error: () => new Error("late") } }), /late/);
    await clock.advance(100);
    await wait;
  });

  it("looks after work that fails when nobody waits for it any more", async () => {
    const stop = new AbortController();
    const work = Promise.withResolvers<void>();
    const wait = assert.rejects(until(work.promise, { signal: stop.signal }));
    stop.abort();
    await wait;
    work.reject(new Error("later"));
    await new Promise((resolve) => setImmediate(resolve)); // an unhandled rejection would fail this test
  });
});
