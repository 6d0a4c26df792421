import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Counted } from "./counted.ts";

function things() {
  const log: string[] = [];
  let last = 0;
  const counted = new Counted<string, string>({
    open: (key) => {
      const thing = `${key}${++last}`;
      log.push(`open ${thing}`);
      return thing;
    },
    close: (thing) => log.push(`close ${thing}`),
  });
  return { log, counted };
}

describe("things that are shared", () => {
  it("are opened for the first share and closed with the last", () => {
    const { log, counted } = things();
    const [one, two] = [counted.share("a"), counted.share("a")];
    assert.deepEqual([one.thing, two.thing, counted.size], ["a1", "a1", 1]);
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    assert.deepEqual(log, ["open a1"]);
    two[Symbol.dispose]();
    assert.deepEqual([...log, counted.size], ["open a1", "close a1", 0]);
  });

  it("are new ones after a reset, whatever was held before", () => {
    const { log, counted } = things();
    const before = counted.share("a");
    const dropped: string[] = [];
    counted.reset((thing) => dropped.push(thing));
    using after = counted.share("a");
    before[Symbol.dispose]();
    assert.deepEqual([dropped, after.thing, log], [["a1"], "a2", ["open a1", "open a2"]]);
  });
});
