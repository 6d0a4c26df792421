import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { devicePhases } from "../../../src/hub/state.ts";
import { type Askable, askingKey, isWorthAsking, refusalHoldsMs } from "./asking.ts";

const device = (state: Partial<Askable["state"]>): Askable => ({
  state: { phase: "live", sinceMs: 0, ...state },
  tracks: [],
  rights: ["view"],
});
const error = { code: "unreachable", message: "no route", atMs: 0 };

describe("when the page asks for a picture", () => {
  it("does not ask for what the hub knows to be in trouble, nor while that is only being tried again", () => {
    const asked = devicePhases.filter((phase) => isWorthAsking(device({ phase, error })));
    assert.deepEqual(asked, ["idle", "waiting-for-key-frame", "paused-by-talk", "live", "stale"]);
  });

  it("asks at once for a device that is reached for the first time, and where nothing is known of it", () => {
    assert.ok(isWorthAsking(device({ phase: "connecting" })));
    assert.ok(isWorthAsking(undefined));
  });

  it("asks again after a no when the state, a codec or a right changed, and not when only the clock did", () => {
    const before = device({ phase: "live", sinceMs: 1, lastFrameMs: 5 });
    assert.equal(askingKey(before), askingKey(device({ phase: "live", sinceMs: 1, lastFrameMs: 9 })));
    assert.notEqual(askingKey(before), askingKey(device({ phase: "stale" })));
    assert.notEqual(askingKey(before), askingKey({ ...before, rights: ["view", "listen"] }));
  });

  it("holds a no for as long as the hub says nothing new; too many pictures, shown or converted, are asked for again by and by", () => {
    assert.equal(refusalHoldsMs("codec"), undefined);
    assert.equal(refusalHoldsMs("busy"), 15_000);
    assert.equal(refusalHoldsMs("converting"), 15_000);
    assert.equal(refusalHoldsMs("fault"), 0);
  });
});
