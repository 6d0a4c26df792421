import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutCompilers } from "../../bin/supervise.mjs";
import { ManualClock } from "./clock.ts";
import { compilerOptions, compileWithWork } from "./compilers.ts";

/** A hub whose processor is used as a test says, second by second. */
function hub() {
  const clock = new ManualClock();
  const end = new AbortController();
  let [usedMs, given] = [400, 0];
  const work = compileWithWork({
    ...{ clock, signal: end.signal },
    cpuMs: () => usedMs,
    compile: () => {
      given++;
    },
  });
  const seconds = async (...ms: readonly number[]) => {
    for (const each of ms) {
      usedMs += each;
      await clock.advance(1000);
    }
    return given;
  };
  return { seconds, work, end };
}

describe("compileWithWork", () => {
  it("leaves a hub at rest alone, whose collector runs two seconds in a row", async () => {
    const { seconds } = hub();
    assert.equal(await seconds(80, 1, 1, 2, 40, 42, 1, 1, 300, 1, 1), 0);
  });

  it("compiles when it has been busy for three seconds, once", async () => {
    const { seconds } = hub();
    assert.equal(await seconds(1, 20, 25), 0);
    assert.equal(await seconds(20), 1);
    assert.equal(await seconds(20, 20, 20, 20), 1);
  });

  it("compiles at once when somebody knows of work, once", async () => {
    const { seconds, work } = hub();
    work();
    work();
    assert.equal(await seconds(100, 100, 100, 100), 1);
  });

  it("does nothing once the hub ends", async () => {
    const { seconds, work, end } = hub();
    end.abort();
    work();
    assert.equal(await seconds(100, 100, 100, 100), 0);
  });

  it("gives back each option that the hub is started with", () => {
    const names = (options: readonly string[]) => options.map((one) => one.replace(/^--(no-)?|=.*$/g, ""));
    assert.deepEqual(names(compilerOptions), names(withoutCompilers));
  });
});
