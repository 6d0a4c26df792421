import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Playout } from "./playout.ts";

/** The hub's clock is so much ahead of the page's. */
const aheadMs = 5_000_000;

/** Pictures each 40 ms that take so long to be decoded; gives when each is shown, from its time on. */
function play(playout: Playout, decodingMs: readonly number[], fromMs = 1000): number[] {
  return decodingMs.map((takesMs, index) => {
    const takenMs = fromMs + index * 40;
    const sent = { timeMs: takenMs + aheadMs, ageMs: 5 };
    playout.arrived(sent, takenMs + 15);
    return 15 + takesMs + playout.waitMs(sent, takenMs + 15 + takesMs);
  });
}

describe("when decoded pictures are shown", () => {
  it("as soon as they can be, where they come evenly", () => {
    const shown = play(new Playout(), new Array(50).fill(30));
    assert.deepEqual(new Set(shown), new Set([45]));
  });

  it("evenly, though they are decoded unevenly; what is learnt is forgotten again", () => {
    const playout = new Playout();
    const uneven = play(
      playout,
      Array.from({ length: 100 }, (_, index) => (index % 4 === 0 ? 90 : 10)),
    ).slice(10);
    assert.ok(Math.max(...uneven) - Math.min(...uneven) <= 5, `${uneven}`);
    const even = play(playout, new Array(200).fill(10), 5000);
    assert.equal(even.at(-1), 25);
  });

  it("the kept group at once, and it teaches nothing", () => {
    const playout = new Playout();
    for (let n = 0; n < 25; n++) {
      const sent = { timeMs: aheadMs + n * 40, ageMs: 4000 - n * 40 };
      playout.arrived(sent, 4015);
      assert.equal(playout.waitMs(sent, 4020), 0);
    }
    assert.equal(play(playout, [30], 5000)[0], 35 + 10);
  });

  it("a single late picture is not waited for by all that follow for more than a moment", () => {
    const playout = new Playout();
    play(playout, new Array(20).fill(10));
    const [, after = 0] = play(playout, [900, 10], 3000);
    assert.ok(after <= 15 + 10 + 200, `${after}`);
  });

  it("in step with sound that is heard later", () => {
    const playout = new Playout();
    play(playout, new Array(10).fill(10));
    playout.heard(150);
    const shown = play(playout, new Array(10).fill(10), 2000);
    // The way to the page is 10 ms of the 15: what lies between is not known, and is the same for both.
    assert.deepEqual(new Set(shown), new Set([160]));
    assert.ok(playout.soundEarlyMs < 0);
  });

  it("sound that is heard before is to wait", () => {
    const playout = new Playout();
    play(playout, new Array(10).fill(200));
    playout.heard(60);
    assert.equal(Math.round(playout.soundEarlyMs), 145);
  });
});
