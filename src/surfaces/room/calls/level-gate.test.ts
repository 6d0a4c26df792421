import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LevelGate } from "./level-gate.ts";

/** How many of so many blocks of 20 ms pass. */
function passed(gate: LevelGate, level: number, blocks: number): number {
  return Array.from({ length: blocks }, () => gate.next(level, 20)).filter(Boolean).length;
}

describe("what of a call is sent to a station that hears or speaks", () => {
  it("is words, with a while behind them, and no quiet", () => {
    const gate = new LevelGate();
    assert.equal(passed(gate, 0.002, 100), 0);
    assert.equal(passed(gate, 0.1, 10), 10, "from the first block on");
    assert.equal(passed(gate, 0.002, 100), 20, "400 ms of quiet go with them");
    assert.equal(passed(gate, 0.006, 10), 0, "a murmur opens nothing");
    passed(gate, 0.1, 2);
    assert.equal(passed(gate, 0.006, 10), 10, "and keeps open");
  });

  it("is no noise that never ends, however loud: who hears it could never speak", () => {
    for (const noise of [0.02, 0.2]) {
      const gate = new LevelGate();
      const blocks = passed(gate, noise, 1500);
      assert.ok(blocks < 1000, `${noise}: ${blocks * 20} ms`);
      assert.equal(passed(gate, noise, 500), 0);
      assert.equal(passed(gate, Math.min(1, noise * 5), 5), 5, "words above it do");
    }
  });

  it("is a long speech as long as it has pauses between its words", () => {
    const gate = new LevelGate();
    let blocks = 0;
    for (let word = 0; word < 200; word++) blocks += passed(gate, 0.1, 15) + passed(gate, 0.003, 5);
    assert.equal(blocks, 200 * 20);
  });

  it("is nothing after it was closed until somebody speaks again", () => {
    const gate = new LevelGate();
    passed(gate, 0.1, 5);
    gate.close();
    assert.equal(passed(gate, 0.006, 5), 0);
    assert.equal(passed(gate, 0.1, 5), 5);
  });
});
