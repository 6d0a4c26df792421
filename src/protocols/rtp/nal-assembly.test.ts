import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PictureMemory } from "./nal-assembly.ts";

function unit(memory: PictureMemory, fill: number, bytes = 1000): Uint8Array {
  memory.begin();
  memory.add(new Uint8Array(bytes).fill(fill));
  memory.add(new Uint8Array(bytes).fill(fill));
  return memory.take();
}

const holds = (bytes: Uint8Array, fill: number) => bytes.every((byte) => byte === fill);

describe("memory of one stream's pictures", () => {
  it("is used again by the next picture, once the one before was given in an earlier call", () => {
    const memory = new PictureMemory();
    memory.called();
    const first = unit(memory, 1);
    memory.over(true);
    memory.called();
    const second = unit(memory, 2);
    assert.equal(first.buffer, second.buffer);
    assert.ok(holds(second, 2) && holds(first, 2));
  });

  it("keeps the units of a picture beside each other over many calls, and while it grows", () => {
    const memory = new PictureMemory();
    const units: Uint8Array[] = [];
    for (let n = 1; n <= 60; n++) {
      memory.called();
      units.push(unit(memory, n));
    }
    assert.ok(units.every((one, i) => one.length === 2000 && holds(one, i + 1)));
  });

  it("leaves each picture alone that was given in the same call, however many", () => {
    const memory = new PictureMemory();
    for (let call = 0; call < 3; call++) {
      memory.called();
      const given = [1, 2, 3, 4, 5].map((fill) => {
        const one = unit(memory, fill);
        memory.over(true);
        return one;
      });
      const begun = unit(memory, 9);
      assert.ok(given.every((one, i) => holds(one, i + 1)));
      memory.called();
      assert.ok(holds(begun, 9));
      memory.over(true);
    }
  });

  it("leaves a given picture alone when those behind it are given up", () => {
    const memory = new PictureMemory();
    memory.called();
    const given = unit(memory, 1);
    memory.over(true);
    for (const fill of [2, 3, 4]) {
      unit(memory, fill);
      memory.over(false);
    }
    assert.ok(holds(given, 1));
  });

  it("keeps the unit that showed that the picture before had ended, and does not grow by that", () => {
    const memory = new PictureMemory();
    const buffers = new Set<ArrayBufferLike>();
    let [given, begun] = [unit(memory, 100), unit(memory, 101)];
    for (let fill = 1; fill < 60; fill++) {
      memory.called();
      const shows = unit(memory, fill);
      memory.over(true);
      const next = memory.again(shows);
      assert.ok(holds(given, given[0] ?? 0) && holds(begun, begun[0] ?? 0) && holds(next, fill));
      [given, begun] = [begun, next];
      if (fill > 10) buffers.add(next.buffer);
    }
    assert.ok(buffers.size <= 2);
  });

  it("does not grow by what is given up", () => {
    const memory = new PictureMemory();
    const buffers = new Set<ArrayBufferLike>();
    for (let n = 0; n < 100; n++) {
      memory.called();
      buffers.add(unit(memory, n & 0xff).buffer);
      memory.over(false);
    }
    assert.equal(buffers.size, 1);
  });
});
