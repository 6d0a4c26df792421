import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Abilities, type Can } from "./abilities.ts";

const nothing = { video: false, audio: false, speaker: false };
const plain = { bell: false, lock: false, ptz: false };

function device(sure?: Partial<Can>) {
  const memory = new Map<string, unknown>();
  const again = () => new Abilities({ sure, memory });
  return { again, can: again() };
}

/** Its first three words: view, listen, talk. */
const media = (can: Abilities) => {
  const { view, listen, talk } = can.with(plain);
  return [view, listen, talk];
};

describe("what a device can do", () => {
  it("is unknown until a connection shows it, and then known over restarts", () => {
    const { can, again } = device();
    assert.deepEqual(media(can), ["unknown", "unknown", "unknown"]);
    can.shows({ ...nothing, video: true });
    assert.deepEqual(media(can), ["yes", "unknown", "unknown"]);
    can.shows({ video: true, audio: true, speaker: false });
    can.ended();
    assert.deepEqual(media(can), ["yes", "yes", "no"]);
    assert.deepEqual(media(again()), ["yes", "yes", "no"]);
  });

  it("is not told by a connection that came to nothing", () => {
    const { can } = device();
    can.shows({ video: true, audio: true, speaker: true });
    can.ended();
    can.shows(nothing);
    can.ended();
    assert.deepEqual(media(can), ["yes", "yes", "yes"]);
  });

  it("changes with what a later connection shows", () => {
    const { can } = device();
    can.shows({ ...nothing, video: true });
    can.ended();
    can.shows({ video: true, audio: false, speaker: true });
    assert.deepEqual(media(can), ["yes", "no", "yes"]);
  });

  it("is what its driver is sure of, whatever was seen", () => {
    const { can } = device({ view: "no", talk: "yes", ring: "yes" });
    can.shows({ ...nothing, audio: true });
    can.ended();
    assert.deepEqual(can.with(plain), {
      ...{ view: "no", listen: "yes", talk: "yes" },
      ...{ ring: "yes", unlock: "no", ptz: "no" },
    });
  });

  it("rings and opens where the configuration says so", () => {
    const { ring, unlock, ptz } = device().can.with({ bell: true, lock: true, ptz: true });
    assert.deepEqual([ring, unlock, ptz], ["yes", "yes", "yes"]);
  });

  it("survives a memory that holds something else", () => {
    for (const odd of [3, "x", { view: 7 }, { talk: "maybe" }, null]) {
      const memory = new Map<string, unknown>([["can", odd]]);
      assert.deepEqual(media(new Abilities({ memory })), ["unknown", "unknown", "unknown"]);
    }
  });
});
