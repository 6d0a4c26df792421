import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../util/clock.ts";
import type { Frame } from "./frame.ts";
import { LivePacer } from "./live-pacer.ts";
import { createPacer, pace } from "./pace.ts";
import type { PaceReport, Pacer } from "./pacer.ts";
import { RecordingPacer } from "./recording-pacer.ts";

const blockUs = 20_000;
const hourUs = 3_600_000_000;
const loud = { durationUs: blockUs, quiet: false };

/** Sends blocks through a recording pacer as fast as it lets them until `untilUs`; calls `onSent` with the time. */
function run(
  pacer: Pacer,
  options: { readonly untilUs: number; readonly onSent?: (nowUs: number) => void; readonly fromUs?: number },
): number {
  let nowUs = options.fromUs ?? 0;
  while (nowUs < options.untilUs) {
    const verdict = pacer.verdict(nowUs, loud);
    if (verdict.kind === "wait") nowUs += Math.ceil(verdict.waitUs / 1000) * 1000;
    else {
      pacer.sent(nowUs, blockUs);
      options.onSent?.(nowUs);
    }
  }
  return nowUs;
}

describe("recording pacer: burst and maintain", () => {
  it("sends about a second at once", () => {
    const pacer = new RecordingPacer();
    let sent = 0;
    run(pacer, { untilUs: 1, onSent: () => sent++ });
    assert.equal(sent, 50);
  });

  it("then goes at 1.05 times real time", () => {
    const pacer = new RecordingPacer();
    run(pacer, { untilUs: 10_000_000 });
    const { sentMs } = pacer.report(10_000_000);
    assert.ok(Math.abs(sentMs - (1000 + 10_500)) <= 20, `${sentMs} ms`);
  });

  it("keeps the real lead at the cap for an hour, never above, with no drift", () => {
    const pacer = new RecordingPacer();
    let highest = 0;
    let lowestLater = Number.POSITIVE_INFINITY;
    run(pacer, {
      untilUs: hourUs,
      onSent: (nowUs) => {
        const { leadMs } = pacer.report(nowUs);
        highest = Math.max(highest, leadMs);
        if (nowUs > 21_000_000) lowestLater = Math.min(lowestLater, leadMs);
      },
    });
    assert.ok(highest <= 2000, `${highest}`);
    assert.ok(lowestLater > 1970, `${lowestLater}`);
    assert.equal(pacer.report(hourUs).underruns, 0);
  });

  it("makes up at once for a stall that the device survived, and never goes above the cap", () => {
    const pacer = new RecordingPacer();
    run(pacer, { untilUs: 30_000_000 });
    const resumedUs = 31_500_000;
    assert.ok(pacer.report(resumedUs).leadMs < 520);
    run(pacer, { fromUs: resumedUs, untilUs: resumedUs + 1 });
    const { leadMs, underruns } = pacer.report(resumedUs);
    assert.ok(leadMs > 1960 && leadMs <= 2000, `${leadMs}`);
    assert.equal(underruns, 0);
  });

  it("does not catch up with time in which the device stood dry", () => {
    const pacer = new RecordingPacer();
    run(pacer, { untilUs: 30_000_000 });
    run(pacer, { fromUs: 40_000_000, untilUs: 40_000_001 });
    const { leadMs, underruns } = pacer.report(40_000_000);
    assert.equal(underruns, 1);
    assert.ok(leadMs >= 1000 && leadMs <= 2000, `${leadMs}`);
  });

  it("never exceeds the cap, whatever the stalls (property)", () => {
    const stalls = fc.array(fc.record({ afterMs: fc.nat(5000), forMs: fc.nat(6000) }), { maxLength: 12 });
    fc.assert(
      fc.property(stalls, (list) => {
        const pacer = new RecordingPacer();
        let nowUs = 0;
        for (const { afterMs, forMs } of list) {
          const check = (atUs: number) => assert.ok(pacer.report(atUs).leadMs <= 2000.001);
          nowUs = run(pacer, { fromUs: nowUs, untilUs: nowUs + afterMs * 1000 + 1, onSent: check }) + forMs * 1000;
        }
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});

/** Feeds a live pacer one block each 20 ms; what the device holds is computed apart from the pacer's own model. */
function talk(
  pacer: Pacer,
  options: {
    readonly fromUs?: number;
    readonly ms: number;
    readonly quiet?: (index: number) => boolean;
    readonly stepUs?: number;
  },
) {
  const stepUs = options.stepUs ?? blockUs;
  const startUs = options.fromUs ?? 0;
  const leads: number[] = [];
  for (let index = 0; index * blockUs < options.ms * 1000; index++) {
    const nowUs = startUs + index * stepUs;
    const block = { durationUs: blockUs, quiet: options.quiet?.(index) ?? false };
    const verdict = pacer.verdict(nowUs, block);
    if (verdict.kind === "send") for (let i = 0; i <= verdict.silenceBlocks; i++) pacer.sent(nowUs, blockUs);
    leads.push(pacer.report(nowUs).leadMs);
  }
  return leads;
}

function rangeOf(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  return `${sorted[0]}..${sorted.at(-1)}`;
}

describe("live pacer: a small lead that adapts", () => {
  it("begins with 120 ms of silence, so that a press is heard after that", () => {
    const pacer = new LivePacer();
    assert.deepEqual(pacer.verdict(0, loud), { kind: "send", silenceBlocks: 6 });
  });

  it("neither drops nor inserts while talker and device keep time, for an hour", () => {
    const pacer = new LivePacer();
    const leads = talk(pacer, { ms: 3_600_000 });
    const { droppedBlocks, insertedBlocks, underruns } = pacer.report(hourUs);
    assert.deepEqual(
      { droppedBlocks, insertedBlocks, underruns },
      { droppedBlocks: 0, insertedBlocks: 6, underruns: 0 },
    );
    assert.ok(
      leads.every((lead) => lead >= 120 && lead <= 140),
      rangeOf(leads),
    );
  });

  it("follows clocks that differ by 200 ppm for an hour: in pauses of speech, where nobody hears it", () => {
    for (const stepUs of [blockUs - 4, blockUs + 4]) {
      const pacer = new LivePacer();
      const leads = talk(pacer, { ms: 3_600_000, stepUs, quiet: (index) => index % 50 < 5 });
      const { underruns, targetLeadMs } = pacer.report(hourUs);
      assert.equal(underruns, 0);
      assert.equal(targetLeadMs, 120);
      assert.ok(
        leads.every((lead) => lead > 60 && lead < 240),
        rangeOf(leads),
      );
    }
  });

  it("stays bounded for an hour even when the talker never pauses", () => {
    for (const stepUs of [blockUs - 4, blockUs + 4]) {
      const pacer = new LivePacer();
      const leads = talk(pacer, { ms: 3_600_000, stepUs });
      assert.ok(
        leads.every((lead) => lead > 0 && lead < 400),
        rangeOf(leads),
      );
      assert.ok(pacer.report(hourUs).underruns <= 6);
    }
  });

  it("grows when the device ran dry, up to its maximum, and shrinks back when all is calm", () => {
    const pacer = new LivePacer();
    talk(pacer, { ms: 1000 });
    talk(pacer, { fromUs: 1_400_000, ms: 1000 });
    assert.equal(pacer.report(2_400_000).underruns, 1);
    assert.equal(pacer.report(2_400_000).targetLeadMs, 180);
    let nowUs = 2_400_000;
    for (let i = 0; i < 8; i++) {
      nowUs += 1_200_000;
      talk(pacer, { fromUs: nowUs, ms: 100 });
    }
    assert.equal(pacer.report(nowUs).targetLeadMs, 600);
    talk(pacer, { fromUs: nowUs + 100_000, ms: 400_000, quiet: (index) => index % 20 === 0 });
    const report = pacer.report(nowUs + 400_100_000);
    assert.equal(report.targetLeadMs, 120);
    assert.ok(report.leadMs <= 200, `${report.leadMs}`);
  });

  it("never tells of less than nothing, however late it is asked", () => {
    for (const pacer of [new LivePacer(), new RecordingPacer()]) {
      talk(pacer, { ms: 300 });
      assert.equal(pacer.report(9_000_000).leadMs, 0);
    }
  });

  it("does not take a talker's pause for trouble", () => {
    const pacer = new LivePacer();
    talk(pacer, { ms: 1000 });
    talk(pacer, { fromUs: 6_000_000, ms: 1000 });
    assert.equal(pacer.report(7_000_000).targetLeadMs, 120);
    assert.equal(pacer.report(7_000_000).underruns, 0);
  });

  it("grows on a stall of the network, and is not late for ever after it", () => {
    const pacer = new LivePacer();
    talk(pacer, { ms: 2000 });
    pacer.stalled(2_000_000, 400);
    const { targetLeadMs, leadMs } = pacer.report(2_000_000);
    assert.equal(targetLeadMs, 460);
    assert.ok(leadMs > 350, "the device holds what was held up");
    talk(pacer, { fromUs: 2_000_000, ms: 400_000, quiet: (index) => index % 20 === 0 });
    assert.ok(pacer.report(402_000_000).leadMs <= 200);
  });

  it("knows how unevenly sound came, from what the lead was at most; a pause and what it left out do not count", () => {
    const pacer = new LivePacer();
    talk(pacer, { ms: 1000 });
    assert.equal(pacer.unevenMs, 0);
    talk(pacer, { fromUs: 1_035_000, ms: 1000 });
    talk(pacer, { fromUs: 2_000_000, ms: 1000 });
    assert.equal(pacer.unevenMs, 35);
    talk(pacer, { fromUs: 8_000_000, ms: 1000 });
    assert.equal(pacer.unevenMs, 35);
    for (let i = 0; i < 20; i++) {
      const verdict = pacer.verdict(9_000_000, loud);
      if (verdict.kind === "send") pacer.sent(9_000_000, blockUs);
    }
    talk(pacer, { fromUs: 9_020_000, ms: 4000 });
    assert.ok(pacer.report(13_000_000).droppedBlocks > 0);
    assert.equal(pacer.unevenMs, 35);
    talk(pacer, { fromUs: 14_000_000, ms: 100 });
    assert.ok(pacer.unevenMs > 900, "a gap that is no pause");
  });

  it("that began with less than the usual lead goes on after trouble as if it had begun with that", () => {
    const pacer = new LivePacer({ startLeadMs: 60, usualLeadMs: 100 });
    assert.deepEqual(pacer.verdict(0, loud), { kind: "send", silenceBlocks: 3 });
    pacer.sent(0, 4 * blockUs);
    talk(pacer, { fromUs: 20_000, ms: 12_000 });
    assert.equal(pacer.report(12_000_000).targetLeadMs, 60);
    talk(pacer, { fromUs: 12_200_000, ms: 100 });
    assert.equal(pacer.report(12_300_000).targetLeadMs, 150);
    talk(pacer, { fromUs: 12_300_000, ms: 100_000 });
    assert.equal(pacer.report(112_300_000).targetLeadMs, 100);
  });

  it("leaves out what comes in a heap, so that the talker is not heard late", () => {
    const pacer = new LivePacer();
    talk(pacer, { ms: 1000 });
    for (let i = 0; i < 100; i++) {
      const verdict = pacer.verdict(1_000_000, loud);
      if (verdict.kind === "send") pacer.sent(1_000_000, blockUs);
    }
    const { leadMs, droppedBlocks } = pacer.report(1_000_000);
    assert.ok(leadMs <= 380, `${leadMs}`);
    assert.ok(droppedBlocks > 80);
  });
});

async function* frames(count: number): AsyncGenerator<Frame, void, void> {
  for (let i = 0; i < count; i++) yield { data: Uint8Array.of(i), timestampUs: 0, key: true, durationUs: blockUs };
}

describe("pace", () => {
  it("drives a sink by the clock and gives what is left to be heard", async () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const sink = {
      write: () => {
        times.push(clock.nowUs());
        return undefined;
      },
    };
    const done = pace(frames(150), { clock, pacer: createPacer({ live: false }), sink });
    await clock.advance(10_000);
    const report = await done;
    assert.equal(times.length, 150);
    assert.equal(times.filter((atUs) => atUs === 0).length, 50);
    assert.ok(Math.abs((times.at(-1) ?? 0) - 2_000_000 / 1.05) < 20_000);
    assert.equal(report.sentMs, 3000);
  });

  it("plays what is shorter than the burst at once", async () => {
    const clock = new ManualClock();
    let written = 0;
    const sink = {
      write: () => {
        written++;
        return undefined;
      },
    };
    const report = await pace(frames(3), { clock, pacer: createPacer({ live: false }), sink });
    assert.equal(written, 3);
    assert.equal(report.leadMs, 60);
  });

  it("collects a burst from a slow source before it sends the first block", async () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const sink = {
      write: () => {
        times.push(clock.nowUs());
        return undefined;
      },
    };
    async function* slow() {
      for await (const frame of frames(100)) {
        await clock.sleep(5);
        yield frame;
      }
    }
    const done = pace(slow(), { clock, pacer: createPacer({ live: false }), sink, gatherMs: 1000 });
    await clock.advance(5000);
    await done;
    assert.equal(times.filter((atUs) => atUs === 250_000).length, 50);
    assert.equal(times[0], 250_000);
  });

  it("waits for a sink that is full", async () => {
    const clock = new ManualClock();
    const room = Promise.withResolvers<void>();
    let written = 0;
    const sink = { write: () => (++written === 2 ? room.promise : undefined) };
    const done = pace(frames(5), { clock, pacer: createPacer({ live: false }), sink });
    await clock.advance(0);
    assert.equal(written, 2);
    room.resolve();
    await done;
    assert.equal(written, 5);
  });

  it("ends with the sink's error", async () => {
    const clock = new ManualClock();
    const sink = {
      write: () => {
        throw new Error("gone");
      },
    };
    await assert.rejects(pace(frames(5), { clock, pacer: createPacer({ live: false }), sink }), /gone/);
    assert.equal(clock.pending, 0);
  });

  it("ends at once when it is aborted, even while the source is silent, and lets the source go", async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const released = Promise.withResolvers<void>();
    const silent: AsyncIterable<Frame> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          released.resolve();
          return { done: true, value: undefined };
        },
      }),
    };
    const reports: PaceReport[] = [];
    const done = pace(silent, {
      clock,
      pacer: createPacer({ live: true }),
      sink: { write: () => undefined },
      onReport: (report) => reports.push(report),
      signal: stop.signal,
    });
    stop.abort();
    await assert.rejects(done, { name: "AbortError" });
    await released.promise;
    assert.equal(reports.length, 0);
  });
});
