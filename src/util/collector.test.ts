import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";

/** MB of young memory of a program that goes on keeping some of much that it makes, with time standing still until it says so. */
function youngMb(setUp: string): number {
  const code = `
    import { getHeapSpaceStatistics } from "node:v8";
    import { ManualClock } from "${new URL("./clock.ts", import.meta.url).href}";
    import { keepYoungSmall } from "${new URL("./collector.ts", import.meta.url).href}";
    const clock = new ManualClock();
    ${setUp}
    let kept = [];
    for (let round = 0; round < 60; round++) {
      for (let n = 0; n < 20_000; n++) kept.push({ n, of: [round] });
      if (kept.length > 50_000) kept = [];
      await clock.advance(10_000);
    }
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
    console.log(young.space_size / 2 ** 20);`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--no-warnings", "--input-type=module", "-e", code], {
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  return Number(stdout);
}

describe("keepYoungSmall", () => {
  it("bounds young memory at run time", () => {
    const bounded = youngMb("keepYoungSmall({ clock, signal: new AbortController().signal });");
    assert.ok(bounded <= 16, `${bounded} MB`);
    const free = youngMb("");
    assert.ok(free > bounded, `${free} MB without, ${bounded} with`);
  });
});
