import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../../util/clock.ts";
import type { RtpPacket } from "./packet.ts";
import { ReorderBuffer } from "./reorder.ts";

const packet = (sequence: number, ssrc = 1): RtpPacket => ({
  payloadType: 96,
  marker: false,
  sequence: sequence & 0xffff,
  timestamp: 0,
  ssrc,
  payload: new Uint8Array(0),
});

const open = (options: { maxPackets?: number; maxMs?: number } = {}) => {
  const clock = new ManualClock();
  return { clock, buffer: new ReorderBuffer({ clock, ...options }) };
};

test("packets in order pass at once, over the wrap too", () => {
  const { buffer } = open();
  for (let i = 65_530; i < 65_550; i++) assert.equal(buffer.push(packet(i)).length, 1);
  assert.equal(buffer.held, 0);
});

test("whatever the order within the window, they come out in sequence, each once", () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.array(fc.nat(20), { minLength: 60, maxLength: 60 }), (first, delays) => {
      const { buffer } = open({ maxPackets: 64 });
      const order = delays.map((delay, i) => ({ i, at: i === 0 ? -1 : i + delay })).sort((a, b) => a.at - b.at);
      const out = order.flatMap(({ i }) => buffer.push(packet(first + i))).map((one) => one.sequence);
      assert.deepEqual(
        out,
        delays.map((_, i) => (first + i) & 0xffff),
      );
      assert.deepEqual([buffer.counters.lost, buffer.counters.late, buffer.counters.duplicate], [0, 0, 0]);
    }),
    { numRuns: 200 },
  );
});

test("a missing packet is waited for 100 ms, then counted as lost; late and doubled ones are counted", async () => {
  const { clock, buffer } = open();
  assert.equal(buffer.push(packet(1)).length, 1);
  assert.equal(buffer.push(packet(3)).length, 0);
  assert.equal(buffer.push(packet(3)).length, 0);
  await clock.advance(99);
  assert.equal(buffer.expire().length, 0);
  await clock.advance(1);
  assert.deepEqual(
    buffer.expire().map((one) => one.sequence),
    [3],
  );
  assert.equal(buffer.push(packet(2)).length, 0);
  assert.equal(buffer.push(packet(3)).length, 0);
  const { lost, late, duplicate } = buffer.counters;
  assert.deepEqual({ lost, late, duplicate }, { lost: 1, late: 1, duplicate: 2 });
});

test("no more than maxPackets are held", () => {
  const { buffer } = open({ maxPackets: 5 });
  buffer.push(packet(1));
  const out = [3, 4, 5, 6, 7, 8].flatMap((sequence) => buffer.push(packet(sequence)));
  assert.deepEqual(
    out.map((one) => one.sequence),
    [3, 4, 5, 6, 7, 8],
  );
  assert.equal(buffer.counters.lost, 1);
});

test("another SSRC, or a sequence far away, begins again and loses nothing that was held", () => {
  const { buffer } = open();
  buffer.push(packet(1));
  buffer.push(packet(3));
  assert.deepEqual(
    buffer.push(packet(9, 2)).map((one) => [one.sequence, one.ssrc]),
    [
      [3, 1],
      [9, 2],
    ],
  );
  assert.equal(buffer.push(packet(40_000, 2)).length, 1);
  assert.equal(buffer.counters.resets, 2);
});

test("any packets at all: bounded, and what comes out within one sender never runs backwards", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { maxLength: 300 }), (sequences) => {
      const { buffer } = open({ maxPackets: 16 });
      const out = sequences.flatMap((sequence) => buffer.push(packet(sequence)));
      assert.ok(buffer.held <= 16);
      assert.ok(out.every((one, i) => i === 0 || one.sequence > out[i - 1]!.sequence));
    }),
    { numRuns: 200 },
  );
});

test("one packet with a spoilt number does not keep back those that follow where the stream was", () => {
  for (const maxMs of [0, 100]) {
    for (const spoilt of [11 + 2500, 11 + 200, 11 - 2500]) {
      const { buffer } = open({ maxMs, maxPackets: 16 });
      for (let i = 0; i <= 10; i++) buffer.push(packet(i));
      const came = [packet(spoilt), ...Array.from({ length: 40 }, (_, i) => packet(12 + i))].flatMap((one) =>
        buffer.push(one),
      );
      assert.ok(
        came.some(({ sequence }) => sequence === 51),
        `${spoilt}, ${maxMs} ms`,
      );
      assert.ok(came.length > 30, `${came.length}`);
    }
  }
});
