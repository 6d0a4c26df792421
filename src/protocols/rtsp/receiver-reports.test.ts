import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { parseRtcp } from "../rtp/rtcp.ts";
import { ReceiverReports } from "./receiver-reports.ts";

test("reports loss, the highest sequence over its wrap, jitter, and the last sender report", async () => {
  const clock = new ManualClock();
  const reports = new ReceiverReports({ clock, clockRateHz: 90_000 });
  assert.equal(reports.build(0), undefined);
  const receive = (sequence: number, timestamp: number) =>
    reports.received(
      {
        payloadType: 96,
        marker: true,
        sequence: sequence & 0xffff,
        timestamp,
        ssrc: 9,
        payload: new Uint8Array(1),
      },
      clock.nowUs(),
    );
  for (let n = 0; n < 8; n++) {
    if (n !== 3 && n !== 4) receive(65_532 + n, n * 3600);
    await clock.advance(40);
  }
  reports.senderReport({ ntp: 0x1234_5678_9abc_def0n });
  await clock.advance(500);
  const [report, name] = parseRtcp(reports.build(2) ?? new Uint8Array(0));
  assert.ok(report?.type === "receiver-report" && name?.type === "source-description");
  const [block] = report.reports;
  assert.equal(block?.ssrc, 9);
  assert.equal(block?.totalLost, 2);
  assert.equal(block?.fractionLost, 64);
  assert.equal(block?.highestSequence, 65_539);
  assert.equal(block?.jitter, 0);
  assert.equal(block?.lastReport, 0x5678_9abc);
  assert.equal(block?.delaySinceLastReport, 32_768);
  receive(65_540, 8 * 3600 + 9000);
  const [next] = parseRtcp(reports.build(2) ?? new Uint8Array(0));
  assert.ok(next?.type === "receiver-report");
  assert.equal(next.reports[0]?.fractionLost, 0);
  assert.ok((next.reports[0]?.jitter ?? 0) > 0);
});

test("asks for a key frame as the sender wants it; each full intra request is a new one", () => {
  const reports = new ReceiverReports({ clock: new ManualClock(), clockRateHz: 90_000 });
  const [report, name, loss] = parseRtcp(reports.keyFrameRequest("pli", 9));
  assert.deepEqual([report?.type, name?.type], ["receiver-report", "source-description"]);
  assert.ok(loss?.type === "picture-loss" && loss.mediaSsrc === 9 && "ssrc" in report! && loss.ssrc === report.ssrc);
  const sequences = [1, 2].map(() => reports.keyFrameRequest("fir", 9).at(-4));
  assert.deepEqual(sequences, [1, 2]);
  assert.equal(parseRtcp(reports.keyFrameRequest("fir", 9)).at(-1)?.type, "full-intra-request");
});
