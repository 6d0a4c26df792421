import { setTimeout as wait } from "node:timers/promises";
import { makeClip, startCamera } from "./camera-process.ts";
import { percentile, round } from "./figures.ts";
import { startHub } from "./hub.ts";
import { openReceivers } from "./receivers.ts";
import { atMost, type BenchResult, type BenchRow } from "./result.ts";

const measureMs = 16_000;
/** What runs often is compiled anew for about a minute. */
const settleMs = 60_000;
const reachMs = 5;

/**
 * From the moment at which a camera hands a frame to its socket until its last packet reaches a WebRTC viewer, through
 * the whole hub: camera, hub, its worker and the viewer are four processes on loopback.
 */
export async function run(): Promise<BenchResult> {
  const clip = makeClip(1);
  await using rtsp = await startCamera("stamped-rtsp", clip);
  await using raw = await startCamera("stamped-raw", clip);
  await using hub = await startHub({ devices: { rtsp: rtsp.address, raw: raw.address } });
  await using rtspVideo = await openReceivers(hub, { device: "rtsp", kind: "video", count: 1, listening: 1 });
  await using rtspAudio = await openReceivers(hub, { device: "rtsp", kind: "audio", count: 1, listening: 1 });
  await using rawVideo = await openReceivers(hub, { device: "raw", kind: "video", count: 1, listening: 1 });
  await wait(settleMs);
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
  return { name: "delay added by the hub", rows };
}

if (import.meta.main) console.table((await run()).rows);
