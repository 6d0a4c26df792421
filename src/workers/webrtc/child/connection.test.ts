import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Track } from "node-datachannel";
import { ManualClock } from "../../../util/clock.ts";
import { whenOpen } from "./connection.ts";

function opening() {
  const clock = new ManualClock();
  let [open, looks, begun] = [false, 0, 0];
  const track = { isOpen: () => ++looks > 0 && open } as unknown as Track;
  const handle = whenOpen(track, { clock, opened: () => begun++ });
  return { clock, handle, open: () => (open = true), seen: () => ({ looks, begun }) };
}

describe("a track that is about to open", () => {
  it("is begun with once, within some ms of its opening", async () => {
    const { clock, open, seen } = opening();
    await clock.advance(2);
    open();
    await clock.advance(2);
    assert.equal(seen().begun, 1);
    await clock.advance(10_000);
    assert.equal(seen().begun, 1);
  });

  it("is looked after ever more seldom, but for as long as it takes", async () => {
    const { clock, open, seen } = opening();
    await clock.advance(60_000);
    const { looks, begun } = seen();
    assert.equal(begun, 0);
    assert.ok(looks > 30 && looks < 50, `${looks}`);
    open();
    await clock.advance(2048);
    assert.equal(seen().begun, 1);
  });

  it("is not begun with once the viewer is gone", async () => {
    const { clock, handle, open, seen } = opening();
    handle[Symbol.dispose]();
    open();
    await clock.advance(10_000);
    assert.equal(seen().begun, 0);
  });
});
