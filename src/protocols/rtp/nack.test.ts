import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { RepairRequests } from "./nack.ts";
import { ReorderBuffer } from "./reorder.ts";

const packet = (sequence: number) => ({
  payloadType: 96,
  sequence: sequence & 0xffff,
  timestamp: 0,
  ssrc: 7,
  marker: false,
  payload: Uint8Array.of(1),
});

describe("packets that are asked for again", () => {
  it("are asked for at once, then again until they come or are given up", async () => {
    const clock = new ManualClock();
    const requests = new RepairRequests({ clock, againMs: 60, maxTries: 3 });
    assert.deepEqual(requests.due([]), []);
    assert.deepEqual(requests.due([5, 6]), [5, 6]);
    assert.deepEqual(requests.due([5, 6]), [], "not with every packet that comes");
    await clock.advance(60);
    assert.deepEqual(requests.due([6, 9]), [6, 9]);
    await clock.advance(60);
    assert.deepEqual(requests.due([6, 9]), [6, 9]);
    await clock.advance(60);
    assert.deepEqual(requests.due([6, 9]), [9], "three times each");
  });

  it("are those before the newest that is there, over the end of the numbers", () => {
    const clock = new ManualClock();
    const buffer = new ReorderBuffer({ clock });
    assert.deepEqual(buffer.missing(), []);
    buffer.push(packet(65_533));
    assert.deepEqual(buffer.missing(), []);
    buffer.push(packet(65_536));
    buffer.push(packet(65_539));
    assert.deepEqual(buffer.missing(), [65_534, 65_535, 1, 2]);
    buffer.push(packet(65_534));
    assert.deepEqual(buffer.missing(), [65_535, 1, 2]);
    buffer.push(packet(65_535));
    assert.deepEqual(buffer.missing(), [1, 2]);
  });

  it("are at most 64 at once", () => {
    const requests = new RepairRequests({ clock: new ManualClock() });
    assert.equal(requests.due(Array.from({ length: 500 }, (_, n) => n)).length, 64);
  });
});
