import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EvenTimes } from "./even-times.ts";

/** What the hub's times of I P B B are: those of B pictures are never earlier than that of the P before them. */
const arrivals = (groups: number) => Array.from({ length: groups }, (_, n) => [n * 120, n * 120, n * 120]).flat();

describe("times of pictures that came in another order", () => {
  it("become as even as they were, at the same rate and without delay", () => {
    const times = new EvenTimes();
    const out = arrivals(40).map((ms) => {
      times.arrived(ms * 1000);
      return times.next() / 1000;
    });
    const steps = out.slice(30).map((ms, n) => ms - (out[29 + n] ?? 0));
    assert.ok(Math.min(...steps) > 20 && Math.max(...steps) < 60, steps.map(Math.round).join());
    assert.ok(Math.abs((out.at(-1) ?? 0) - 39 * 120) < 120);
  });

  it("never go back, and begin anew after a gap", () => {
    const times = new EvenTimes();
    const out = [0, 40, 80, 120, 9000, 9040, 9080].map((ms) => {
      times.arrived(ms * 1000);
      return times.next() / 1000;
    });
    assert.deepEqual(
      out,
      [...out].sort((a, b) => a - b),
    );
    assert.equal(out[4], 9000);
  });

  it("forget what never came out", () => {
    const times = new EvenTimes();
    for (let n = 0; n < 500; n++) times.arrived(n * 40_000);
    assert.equal(times.next(), (500 - 3) * 40_000);
  });

  it("lag less than three pictures, however many never come out", () => {
    const times = new EvenTimes();
    for (let n = 0; n < 2000; n++) {
      times.arrived(n * 40_000);
      if (n % 20 === 19) continue;
      const lagUs = n * 40_000 - times.next();
      assert.ok(lagUs < 3 * 40_000, `${lagUs / 1000} ms at picture ${n}`);
    }
  });
});
