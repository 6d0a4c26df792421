import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HeldBytes } from "./held-bytes.ts";

for (const reuses of [true, false]) {
  describe(`held bytes${reuses ? " whose memory is used again" : ""}`, () => {
    it("are what was set and appended, whatever becomes of the originals", () => {
      const held = new HeldBytes(reuses);
      const chunk = Uint8Array.of(1, 2, 3);
      held.set(chunk);
      held.append(chunk);
      chunk.fill(9);
      assert.deepEqual([...held.bytes], [1, 2, 3, 1, 2, 3]);
      for (let n = 0; n < 5000; n++) held.append(Uint8Array.of(n & 0xff));
      assert.deepEqual([held.length, held.bytes.at(-1)], [5006, 4999 & 0xff]);
      held.set(new Uint8Array(0));
      assert.equal(held.length, 0);
    });

    it("may be set to a part of themselves, and what stood there is good until the next time", () => {
      const held = new HeldBytes(reuses);
      held.set(Uint8Array.of(1, 2, 3, 4));
      const before = held.bytes;
      held.set(before.subarray(2));
      held.append(Uint8Array.of(5));
      assert.deepEqual(
        [[...before], [...held.bytes]],
        [
          [1, 2, 3, 4],
          [3, 4, 5],
        ],
      );
    });
  });
}

describe("held bytes", () => {
  it("take no new memory once there are two of it", () => {
    const held = new HeldBytes(true);
    const memory = new Set<ArrayBufferLike>();
    for (let n = 0; n < 100; n++) {
      held.set(new Uint8Array(1400).fill(n));
      memory.add(held.bytes.buffer);
      held.set(new Uint8Array(0));
    }
    assert.ok(memory.size <= 2);
  });
});
