import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pageSources } from "../scripts/page-words.ts";

/** An address from the root, written as it is, to which the browser is sent. */
const sent = /\blocation(?:\.href)?\s*=\s*["'`]\/|\blocation\.(?:assign|replace)\(\s*["'`]\/|\bopen\(\s*["'`]\//g;

const rootedIn = (source: string) => [...source.matchAll(sent)].map(([found]) => found);

describe("the page's own addresses", () => {
  it("go through at(), so that they hold below a path too", () => {
    const odd = [...pageSources()].flatMap(([file, source]) => rootedIn(source).map((found) => `${file}: ${found}`));
    assert.deepEqual(odd, []);
  });

  it("are found where they are not", () => {
    for (const source of [
      'location.href = "/";',
      "window.location = `/panel?device=kitchen`;",
      "location.assign('/');",
      'location.replace(\n  "/panel",\n);',
    ]) {
      assert.equal(rootedIn(source).length, 1, source);
    }
    for (const source of ['location.href = at("/");', 'location.replace(at("/panel"))', 'location.hash = "#/events"']) {
      assert.deepEqual(rootedIn(source), [], source);
    }
  });
});
