import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../util/clock.ts";
import type { Frame } from "./frame.ts";
import { JitterBuffer } from "./jitter.ts";

const frameUs = 20_000;
const frame = (index: number): Frame => ({ data: Uint8Array.of(index), timestampUs: index * frameUs, key: true });

/** Plays `count` turns; `delayMs(i)` is how late frame `i` arrives, undefined for a lost one. */
async function play(
  count: number,
  delayMs: (index: number) => number | undefined,
  options: { minDelayMs?: number } = {},
) {
  const clock = new ManualClock();
  const buffer = new JitterBuffer({ clock, ...options });
  const out: string[] = [];
  const delays: number[] = [];
  for (let index = 0; index < count; index++) {
    const delay = delayMs(index);
    if (delay !== undefined) clock.timer(index * 20 + delay, () => buffer.push(frame(index)));
  }
  for (let turn = 0; turn < count + 20; turn++) {
    await clock.advance(20);
    const result = buffer.pull();
    if (result.type === "frame") delays.push((clock.nowUs() - result.frame.timestampUs) / 1000);
    out.push(
      result.type === "frame"
        ? String(result.frame.data[0])
        : result.type === "lost" && result.next
          ? "fec"
          : result.type,
    );
  }
  return { buffer, out, delays };
}

test("even arrivals are played in order with one frame of delay", async () => {
  const { buffer, delays } = await play(100, () => 1);
  assert.equal(buffer.counters.played, 100);
  assert.equal(buffer.counters.lost, 0);
  assert.ok(Math.max(...delays) <= 60, `delay ${Math.max(...delays)} ms`);
});

test("a lost frame is announced with the next one in hand, for its FEC", async () => {
  const { buffer, out } = await play(60, (index) => (index === 30 ? undefined : 1), { minDelayMs: 40 });
  assert.equal(out[out.indexOf("29") + 1], "fec");
  assert.equal(out[out.indexOf("29") + 2], "31");
  assert.equal(buffer.counters.lost, 1);
  assert.equal(buffer.counters.played, 59);
});

test("frames that overtake each other come out in order", async () => {
  const { out } = await play(60, (index) => (index % 10 === 5 ? 35 : 1), { minDelayMs: 60 });
  const played = out.filter((word) => /^\d+$/.test(word)).map(Number);
  assert.deepEqual(
    played,
    [...played].sort((a, b) => a - b),
  );
  assert.equal(played.length, 60);
});

test("the delay grows with the network's jitter until nothing is late, and shrinks again", async () => {
  const { buffer, delays } = await play(600, (index) => (index < 300 ? [1, 70, 20, 90, 5][index % 5] : 1));
  assert.ok(buffer.counters.late + buffer.counters.lost < 10, JSON.stringify(buffer.counters));
  assert.ok(Math.max(...delays.slice(50, 250)) >= 80);
  assert.ok((delays.at(-1) ?? 0) <= 80, `at the end ${delays.at(-1)} ms`);
  assert.ok(buffer.counters.shed >= 1);
});

test("a talker who stops is concealed for 100 ms, then it is silent, and the next word is heard at once", async () => {
  const { out } = await play(200, (index) => (index > 50 && index < 150 ? undefined : 1));
  const after = out.slice(out.indexOf("50") + 1);
  assert.deepEqual(after.slice(0, 6), ["lost", "lost", "lost", "lost", "lost", "idle"]);
  const silence = after.indexOf("150");
  assert.ok(silence > 90 && silence <= 103, `${silence} turns`);
});
