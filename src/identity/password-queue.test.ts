import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type HashRank, PasswordQueue } from "./password-queue.ts";

/** A queue whose work is done when the test says so. */
function rig(options = { concurrency: 2, queue: 4 }) {
  const queue = new PasswordQueue(options);
  const begun: string[] = [];
  const refused: string[] = [];
  const ends = new Map<string, () => void>();
  const ask = (name: string, rank: HashRank) =>
    queue
      .run(rank, async () => {
        begun.push(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
      })
      .catch((error: { code?: string }) => {
        assert.equal(error.code, "busy");
        refused.push(name);
      });
  const end = async (name: string) => {
    ends.get(name)?.();
    await settle();
  };
  return { ask, end, begun, refused };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("the line before the hashing of passwords", () => {
  it("lets a known browser in at once, however many strangers wait", async () => {
    const { ask, begun, refused } = rig();
    for (let n = 0; n < 200; n++) void ask(`stranger ${n}`, 1);
    void ask("anna", 0);
    await settle();
    assert.deepEqual(begun, ["stranger 0", "anna"]);
    assert.equal(refused.length, 200 - 1 - 4);
  });

  it("puts a newcomer ahead of those who were wrong, also when the line is full of them", async () => {
    const { ask, begun, end, refused } = rig();
    for (let n = 0; n < 5; n++) void ask(`wrong ${n}`, 2);
    void ask("newcomer", 1);
    await settle();
    assert.deepEqual(refused, ["wrong 4"]);
    await end("wrong 0");
    assert.deepEqual(begun, ["wrong 0", "newcomer"]);
    await end("newcomer");
    assert.deepEqual(begun.at(-1), "wrong 1");
  });

  it("serves known people two at a time, in the order of their coming", async () => {
    const { ask, begun, end } = rig();
    for (const name of ["a", "b", "c", "d"]) void ask(name, 0);
    await settle();
    assert.deepEqual(begun, ["a", "b"]);
    await end("b");
    await end("a");
    assert.deepEqual(begun, ["a", "b", "c", "d"]);
  });

  it("refuses known people only when as many of them wait as may", async () => {
    const { ask, refused } = rig();
    for (let n = 0; n < 10; n++) void ask(`stranger ${n}`, 2);
    for (let n = 0; n < 7; n++) void ask(`known ${n}`, 0);
    await settle();
    assert.deepEqual(
      refused.filter((name) => name.startsWith("known")),
      ["known 5", "known 6"],
    );
  });
});
