import { setTimeout as wait } from "node:timers/promises";
import { makeClip, startCamera } from "./camera-process.ts";
import { readDirectly } from "./direct.ts";
import { percentile, round } from "./figures.ts";
import { type BenchHub, startHub } from "./hub.ts";
import { openReceivers } from "./receivers.ts";
import { atMost, type BenchResult, type BenchRow } from "./result.ts";
import { openTap } from "./tap.ts";

const measureMs = 16_000;
/** What runs often is compiled anew for about a minute. */
const settleMs = 60_000;
const moreSettleMs = 5000;
const reachMs = 5;
/** To one viewer, in the middle. */
const addedMs = 0.5;

/**
 * From the moment at which a camera hands a frame to its socket until its last packet reaches a WebRTC viewer, through
 * the whole hub: camera, hub, its worker and the viewer are four processes on loopback. First one viewer alone, whose packets are looked
 * at before its own library has them, and the same camera read without the hub; then three.
 */
export async function run(): Promise<BenchResult> {
  const clip = makeClip(1);
  await using rtsp = await startCamera("stamped-rtsp", clip);
  await using raw = await startCamera("stamped-raw", clip);
  const direct = await readDirectly(rtsp.address, measureMs);
  await using hub = await startHub({ devices: { rtsp: rtsp.address, raw: raw.address } });
  const alone = await aloneRows(hub, direct);
  await using rtspVideo = await openReceivers(hub, { device: "rtsp", kind: "video", count: 1, listening: 1 });
  await using rtspAudio = await openReceivers(hub, { device: "rtsp", kind: "audio", count: 1, listening: 1 });
  await using rawVideo = await openReceivers(hub, { device: "raw", kind: "video", count: 1, listening: 1 });
  await wait(moreSettleMs);
  const measured = await Promise.all([rtspVideo, rawVideo, rtspAudio].map((one) => one.listen(measureMs)));
  const names = ["RTSP camera, video frame", "raw H.264 camera, video frame", "RTSP camera, audio packet"];
  const rows = measured.flatMap(({ delaysMs, lost }, index): BenchRow[] => {
    const what = names[index]!;
    return [
      { what: `${what}: p50`, value: round(percentile(delaysMs, 50), 2), unit: "ms", floor: "hopMs" },
      atMost(`${what}: p99`, { value: round(percentile(delaysMs, 99), 2), unit: "ms", reach: reachMs }),
      { what: `${what}: counted`, value: delaysMs.length, unit: "" },
      atMost(`${what}: packets lost`, { value: lost, unit: "", reach: 0 }),
    ];
  });
  return { name: "delay added by the hub", rows: [...alone, ...rows] };
}

async function aloneRows(hub: BenchHub, direct: readonly number[]): Promise<BenchRow[]> {
  using tap = await openTap();
  await using viewer = await openReceivers(hub, { device: "rtsp", kind: "video", count: 1, listening: 1, tap });
  await wait(settleMs);
  const { delaysMs, lost } = await viewer.listen(measureMs);
  const [through, without] = [percentile(delaysMs, 50), percentile(direct, 50)];
  const what = "one viewer, video frame";
  return [
    { what: `${what}: p50 without a hub`, value: round(without, 2), unit: "ms" },
    { what: `${what}: p50 through the hub`, value: round(through, 2), unit: "ms" },
    atMost(`${what}: p50 that the hub adds`, { value: round(through - without, 2), unit: "ms", reach: addedMs }),
    { what: `${what}: counted`, value: delaysMs.length, unit: "" },
    atMost(`${what}: packets lost`, { value: lost, unit: "", reach: 0 }),
  ];
}

if (import.meta.main) console.table((await run()).rows);
