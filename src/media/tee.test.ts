import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { tee } from "./tee.ts";

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of source) all.push(item);
  return all;
}

function numbers(count: number) {
  const state = { pulled: 0, returned: false };
  async function* source() {
    try {
      for (let index = 0; index < count; index++) {
        state.pulled++;
        yield index;
      }
    } finally {
      state.returned = true;
    }
  }
  return { source: source(), state };
}

describe("tee", () => {
  it("gives every branch everything, whatever their speeds", async () => {
    const { source } = numbers(100);
    const branches = tee(source, { count: 3, maxAhead: 4 });
    const results = await Promise.all(branches.map(collect));
    for (const result of results) assert.equal(result.length, 100);
  });

  it("does not run ahead of the slowest branch", async () => {
    const { source, state } = numbers(100);
    const [quick, slow] = tee(source, { count: 2, maxAhead: 5 });
    const fast = quick![Symbol.asyncIterator]();
    for (let index = 0; index < 5; index++) await fast.next();
    const sixth = fast.next();
    await new Promise(setImmediate);
    assert.equal(state.pulled, 5);
    const behind = slow![Symbol.asyncIterator]();
    await behind.next();
    assert.equal((await sixth).value, 5);
    await Promise.all([fast.return?.(), behind.return?.()]);
  });

  it("goes on without a branch that left, and ends the source with the last", async () => {
    const { source, state } = numbers(100);
    const [stays, leaves] = tee(source, { count: 2, maxAhead: 2 });
    for await (const _item of leaves!) break;
    assert.equal((await collect(stays!)).length, 100);
    assert.ok(state.returned);
  });

  it("hands the source's error to every branch", async () => {
    async function* failing() {
      yield 1;
      throw new Error("no such file");
    }
    const branches = tee(failing(), { count: 2, maxAhead: 2 });
    for (const result of await Promise.allSettled(branches.map(collect))) assert.equal(result.status, "rejected");
  });
});
