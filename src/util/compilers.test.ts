import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutCompilers } from "../../bin/supervise.mjs";
import { ManualClock } from "./clock.ts";
import { type Compiling, compilerOptions, compileWithWork } from "./compilers.ts";

/** A hub whose processor is used as a test says, second by second. */
function hub() {
  const clock = new ManualClock();
  const end = new AbortController();
  let usedMs = 400;
  const given: Compiling[] = [];
  const work = compileWithWork({
    ...{ clock, signal: end.signal },
    cpuMs: () => usedMs,
    compile: (how) => {
      given.push(how);
    },
  });
  const seconds = async (...ms: readonly number[]) => {
    for (const each of ms) {
      usedMs += each;
      await clock.advance(1000);
    }
    return [...given];
  };
  return { seconds, work, end };
}

describe("compileWithWork", () => {
  it("leaves a hub at rest alone, whose collector runs two seconds in a row", async () => {
    const { seconds } = hub();
    assert.deepEqual(await seconds(80, 1, 1, 2, 40, 42, 1, 1, 300, 1, 1), []);
  });

  it("compiles when it has been busy for three seconds, once", async () => {
    const { seconds } = hub();
    assert.deepEqual(await seconds(1, 20, 25), []);
    assert.deepEqual(await seconds(20), ["quick"]);
    assert.deepEqual(await seconds(20, 20, 20, 20), ["quick"]);
  });

  it("compiles at once when somebody knows of work, once", async () => {
    const { seconds, work } = hub();
    work();
    work();
    assert.deepEqual(await seconds(100, 100, 100, 100), ["quick"]);
  });

  it("compiles well when somebody has watched a camera for ten seconds, not for a glance, once", async () => {
    const { seconds, work } = hub();
    work();
    const first = [90, 60, 30, 15, 14, 13, 12, 11, 10];
    assert.deepEqual(await seconds(...first, 7), ["quick"]);
    assert.deepEqual(await seconds(...first), ["quick"]);
    assert.deepEqual(await seconds(9), ["quick", "well"]);
    assert.deepEqual(await seconds(...first, 90, 90, 90), ["quick", "well"]);
  });

  it("does nothing once the hub ends", async () => {
    const { seconds, work, end } = hub();
    end.abort();
    work();
    assert.deepEqual(await seconds(100, 100, 100, 100), []);
  });

  it("begins nothing more once the hub ends", async () => {
    const { seconds, work, end } = hub();
    work();
    end.abort();
    assert.deepEqual(await seconds(...Array.from({ length: 12 }, () => 100)), ["quick"]);
  });

  it("gives back each option that the hub is started with", () => {
    const names = (options: readonly string[]) => options.map((one) => one.replace(/^--(no-)?|=.*$/g, ""));
    const all = [...compilerOptions.quick, ...compilerOptions.well];
    const given = names(all).filter((name) => !name.startsWith("invocation-count"));
    assert.deepEqual(given.toSorted(), names(withoutCompilers).toSorted());
  });
});
