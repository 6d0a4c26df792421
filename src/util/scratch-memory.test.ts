import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ScratchMemory } from "./scratch-memory.ts";

describe("scratch memory", () => {
  it("lends pieces beside each other, and the same bytes again after a reset", () => {
    const memory = new ScratchMemory();
    memory.take(100);
    memory.reset();
    const [first, second] = [memory.take(60).fill(1), memory.take(40).fill(2)];
    assert.equal(first.buffer, second.buffer);
    assert.deepEqual([first.at(-1), second[0]], [1, 2]);
    memory.reset();
    assert.equal(memory.take(10).buffer, first.buffer);
  });

  it("gives what there is no room for bytes of its own, and has room for as much the next time", () => {
    const memory = new ScratchMemory();
    const [first, second] = [memory.take(50).fill(1), memory.take(70).fill(2)];
    assert.notEqual(first.buffer, second.buffer);
    assert.equal(first[49], 1);
    memory.reset();
    assert.equal(memory.take(50).buffer, memory.take(70).buffer);
  });

  it("leaves alone what somebody goes on looking at", () => {
    const memory = new ScratchMemory();
    memory.take(100);
    memory.reset();
    const kept = memory.take(100).fill(7);
    memory.leave();
    memory.take(100).fill(9);
    memory.reset();
    memory.take(100).fill(9);
    assert.equal(kept[0], 7);
  });

  it("keeps no great piece", () => {
    const memory = new ScratchMemory();
    const great = memory.take(2 * 1024 * 1024);
    memory.reset();
    assert.notEqual(memory.take(10).buffer, great.buffer);
    assert.equal(memory.take(10).buffer.byteLength, 10);
  });
});
