import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { Tee } from "./tee.ts";

function counting(to: number) {
  const state = { pulled: 0, returned: false };
  async function* source() {
    try {
      for (let n = 1; n <= to; n++) {
        state.pulled = n;
        yield n;
      }
    } finally {
      state.returned = true;
    }
  }
  return { source: source(), state };
}

function split(source: AsyncIterable<number>, count: number, options: { readonly maxAhead?: number } = {}) {
  const clock = new ManualClock();
  const tee = new Tee(source, { maxAhead: 10, patienceMs: 2000, clock, ...options });
  return { tee, clock, branches: Array.from({ length: count }, () => tee.branch()[Symbol.asyncIterator]()) };
}

async function all(branch: AsyncIterator<number>): Promise<number[]> {
  const items: number[] = [];
  for (let step = await branch.next(); !step.done; step = await branch.next()) items.push(step.value);
  return items;
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe("tee", () => {
  it("gives every branch every item", async () => {
    const { source } = counting(50);
    const { branches } = split(source, 3);
    const heard = await Promise.all(branches.map(all));
    for (const items of heard)
      assert.deepEqual(
        items,
        Array.from({ length: 50 }, (_, n) => n + 1),
      );
  });

  it("lets no branch run further ahead than told", async () => {
    const { source, state } = counting(100);
    const { branches } = split(source, 2, { maxAhead: 5 });
    const [fast, slow] = branches;
    await slow!.next();
    const running = all(fast!);
    await soon();
    assert.ok(state.pulled <= 7, String(state.pulled));
    const rest = await all(slow!);
    assert.equal(rest.length, 99);
    assert.equal((await running).length, 100);
  });

  it("leaves a branch behind that takes nothing while the others wait, and goes on with them", async () => {
    const { source } = counting(100);
    const { branches, clock } = split(source, 3, { maxAhead: 5 });
    const [one, two, hung] = branches;
    await hung!.next();
    const running = Promise.all([all(one!), all(two!)]);
    await clock.advance(1999);
    await soon();
    await clock.advance(2);
    const [first, second] = await running;
    assert.equal(first.length, 100);
    assert.equal(second.length, 100);
    await assert.rejects(hung!.next(), { code: "too-slow" });
  });

  it("does not blame a branch that takes its time while nobody waits", async () => {
    const { source } = counting(3);
    const { branches, clock } = split(source, 2);
    const [fast, slow] = branches;
    await all(fast!);
    await clock.advance(60_000);
    assert.deepEqual(await all(slow!), [1, 2, 3]);
  });

  it("gives a branch that comes later what is pulled from then on", async () => {
    const { source } = counting(5);
    const { tee, branches } = split(source, 1);
    await branches[0]!.next();
    const late = tee.branch()[Symbol.asyncIterator]();
    await all(branches[0]!);
    assert.deepEqual(await all(late), [2, 3, 4, 5]);
  });

  it("goes on without a branch that left, and lets go of the source with the last", async () => {
    const { source, state } = counting(100);
    const { branches } = split(source, 2, { maxAhead: 3 });
    await branches[0]!.next();
    await branches[1]!.next();
    await branches[0]!.return?.();
    assert.equal(state.returned, false);
    for (let n = 0; n < 20; n++) await branches[1]!.next();
    await branches[1]!.return?.();
    await soon();
    assert.equal(state.returned, true);
  });

  it("hands the source's error to every branch", async () => {
    async function* source() {
      yield 1;
      throw new Error("the disk is gone");
    }
    const { branches } = split(source(), 2);
    await Promise.all(branches.map((branch) => assert.rejects(all(branch), /the disk is gone/)));
  });
});
