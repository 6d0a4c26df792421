import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BlockPlayout } from "./playout.ts";

const form = { sampleRateHz: 16_000, channels: 1 };
const block = (ms: number, value = 1) => new Int16Array(ms * 16).fill(value);

/** What is heard in so many frames of 20 ms: the first sample of each, 0 for silence. */
function heard(playout: BlockPlayout, frames: number): number[] {
  return Array.from({ length: frames }, () => playout.pop()?.[0] ?? 0);
}

describe("what waits for the loudspeaker where sound comes in blocks", () => {
  it("begins a little after the first block, and plays blocks of any length without a gap", () => {
    for (const ms of [10, 20, 40, 60, 400]) {
      const playout = new BlockPlayout(form);
      const values: number[] = [];
      for (let atMs = 0; atMs < 2000; atMs += 10) {
        if (atMs % ms === 0) playout.push(block(ms));
        if (atMs % 20 === 0) values.push(playout.pop()?.[0] ?? 0);
      }
      const first = values.indexOf(1);
      assert.ok(first >= 0 && first <= 3, `${ms} ms: it begins with frame ${first}`);
      assert.equal(values.slice(first).indexOf(0), -1, `${ms} ms: no gap`);
      assert.equal(playout.counters.shed, 0);
    }
  });

  it("plays the rest of the last block, filled up with silence, and then nothing", () => {
    const playout = new BlockPlayout(form);
    playout.push(block(50));
    assert.deepEqual(heard(playout, 7), [0, 0, 1, 1, 1, 0, 0]);
  });

  it("waits for longer when blocks come too late, and for less again when they do not", () => {
    const playout = new BlockPlayout(form);
    for (let talk = 0; talk < 4; talk++) {
      playout.push(block(20));
      heard(playout, 10);
    }
    assert.equal(playout.counters.underruns, 4);
    playout.push(block(20));
    assert.equal(heard(playout, 10).indexOf(1), 6, "the margin of two frames has grown to six");
  });

  it("leaves the oldest out when too much comes at once", () => {
    const playout = new BlockPlayout(form);
    for (let n = 1; n <= 100; n++) playout.push(block(20, n));
    assert.ok(playout.size <= 24, `${playout.size} frames wait`);
    assert.equal(playout.counters.shed, 100 - playout.size);
    assert.equal(heard(playout, 3)[2], 101 - 23);
  });

  it("comes back to a short delay after blocks were late for a while", () => {
    const playout = new BlockPlayout(form);
    for (let talk = 0; talk < 6; talk++) {
      playout.push(block(20));
      heard(playout, 12);
    }
    let waits = 0;
    for (let atMs = 0; atMs < 60_000; atMs += 20) {
      if (atMs % 40 === 0) playout.push(block(40));
      playout.pop();
      waits = playout.size;
    }
    assert.ok(waits <= 4, `${waits} frames wait after a minute`);
  });

  it("loses a frame now and then to a clock that is faster", () => {
    const playout = new BlockPlayout(form);
    playout.push(block(200));
    for (let frame = 0; frame < 6000; frame++) {
      playout.push(block(20));
      playout.pop();
    }
    assert.ok(playout.size <= 5, `${playout.size} frames wait after two minutes`);
    assert.equal(playout.counters.underruns, 0);
  });
});
