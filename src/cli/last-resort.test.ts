import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { placeOf } from "../util/error-place.ts";
import { Faults } from "../util/faults.ts";
import { silentLog } from "../util/log.ts";
import { lastResort, maxErrors, withinMs } from "./last-resort.ts";

function rig() {
  const clock = new ManualClock();
  const faults = new Faults({ clock, log: silentLog });
  const source = new EventEmitter();
  const lines: { readonly fields: object; readonly message: string }[] = [];
  const log = { ...silentLog, error: (fields: object, message: string) => void lines.push({ fields, message }) };
  let gaveUp = 0;
  const held = lastResort({ clock, log, faults, source, giveUp: () => gaveUp++ });
  return { clock, faults, source, lines, held, gaveUp: () => gaveUp };
}

describe("last resort", () => {
  it("logs an error that nobody caught with its place, tells of it, and goes on", async () => {
    const { source, lines, faults, gaveUp, clock } = rig();
    source.emit("uncaughtException", new TypeError("no such thing"));
    source.emit("unhandledRejection", "nothing but a text");
    assert.match(lines[0]?.message ?? "", /unforeseen error: TypeError: no such thing/);
    assert.match(
      String((lines[0]?.fields as { place?: string } | undefined)?.place),
      /^cli\/last-resort\.test\.ts:\d+$/,
    );
    assert.match(lines[1]?.message ?? "", /nothing but a text/);
    assert.deepEqual(
      faults.list().map(({ id }) => id),
      ["unforeseen"],
    );
    assert.equal(gaveUp(), 0);
    await clock.advance(60 * 60 * 1000);
    assert.deepEqual(faults.list(), []);
  });

  it("ends the hub when errors come in a row, and not for as many over a long time", async () => {
    const slow = rig();
    for (let n = 0; n < 3 * maxErrors; n++) {
      slow.source.emit("uncaughtException", new Error("now and then"));
      await slow.clock.advance(withinMs / (maxErrors - 2));
    }
    assert.equal(slow.gaveUp(), 0);
    const fast = rig();
    for (let n = 0; n < maxErrors; n++) fast.source.emit("unhandledRejection", new Error("again"));
    assert.equal(fast.gaveUp(), 1);
  });

  it("leaves the process as it found it", () => {
    const { source, held } = rig();
    held[Symbol.dispose]();
    assert.equal(source.listenerCount("uncaughtException") + source.listenerCount("unhandledRejection"), 0);
  });

  it("finds our own line in a stack", () => {
    const error = new Error("x");
    error.stack = "Error: x\n    at node:internal/x:1\n    at Route.tell (file:///opt/doorward/dist/hub/route.js:12:3)";
    assert.equal(placeOf(error), "hub/route.js:12");
    assert.equal(placeOf("x"), undefined);
  });
});
