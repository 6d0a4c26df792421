import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RateControl } from "./rate.ts";

const limits = { minBps: 300_000, maxBps: 2_500_000 };
const report = (lostShare: number, roundTripMs = 30) => ({ type: "report", lostShare, roundTripMs }) as const;

/** After so many reports of one kind. */
function after(control: RateControl, viewer: string, reports: number, how: ReturnType<typeof report>): number {
  for (let n = 0; n < reports; n++) control.heard(viewer, how);
  return control.bitrateBps;
}

describe("the bit rate of a picture that is encoded once for all", () => {
  it("begins in the middle, grows with good reports to the upper limit, and shrinks with losses to the lower one", () => {
    const control = new RateControl(limits);
    assert.equal(control.bitrateBps, 1_400_000);
    assert.equal(after(control, "a", 1, report(0)), 1_512_000);
    assert.equal(after(control, "a", 20, report(0.01)), 2_500_000);
    assert.equal(after(control, "a", 5, report(0.05)), 2_500_000);
    assert.equal(after(control, "a", 1, report(0.2)), 2_250_000);
    assert.equal(after(control, "a", 60, report(0.5)), 300_000);
    assert.ok(after(control, "a", 10, report(0)) > 600_000);
  });

  it("shrinks when the way becomes long, before anything is lost", () => {
    const control = new RateControl(limits);
    after(control, "a", 1, report(0, 40));
    const before = control.bitrateBps;
    assert.ok(after(control, "a", 3, report(0, 400)) < before * 0.65);
  });

  it("follows what a viewer says that it could take", () => {
    const control = new RateControl(limits);
    control.heard("a", { type: "estimate", bitrateBps: 1_000_000 });
    assert.equal(control.bitrateBps, 900_000);
    control.heard("a", { type: "estimate", bitrateBps: 50_000 });
    assert.equal(control.bitrateBps, 300_000);
  });

  it("is what the viewer bears that bears least, until it leaves", () => {
    const control = new RateControl(limits);
    after(control, "good", 20, report(0));
    assert.ok(after(control, "bad", 10, report(0.5)) < 400_000);
    control.left("bad");
    assert.equal(control.bitrateBps, 2_500_000);
  });
});
