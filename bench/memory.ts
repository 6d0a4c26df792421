import { setTimeout as wait } from "node:timers/promises";
import { makeClip, startCamera } from "./camera-process.ts";
import { round } from "./figures.ts";
import { type BenchHub, startHub } from "./hub.ts";
import { footprintMb } from "./process-figures.ts";
import { openReceivers } from "./receivers.ts";
import { atMost, type BenchResult } from "./result.ts";

const cameras = { before: 2, after: 22 };
const viewers = { before: 10, after: 110 };
/** Several groups of pictures: what is kept is kept by then. */
const settleMs = 4000;

/** What one more camera and one more viewer take: the hub and its workers with many, less the same with a few. */
export async function run(): Promise<BenchResult> {
  const clip = makeClip(1);
  const groupMb = clip.length / 2 ** 20;
  await using camera = await startCamera("clip-rtsp", clip);
  const few = await withCameras(camera.address, cameras.before);
  const many = await withCameras(camera.address, cameras.after);
  const perCameraMb = (many - few) / (cameras.after - cameras.before);
  const perViewerMb = await perViewer(camera.address);
  const reach = round(5 + groupMb, 2);
  return {
    name: "memory",
    rows: [
      atMost("per connected camera, 720p25 of 1.8 Mbit/s", { value: round(perCameraMb, 2), unit: "MB", reach }),
      { what: "of which its group of pictures", value: round(groupMb, 2), unit: "MB" },
      atMost("per viewer, hub and worker together", { value: round(perViewerMb, 2), unit: "MB", reach: 0.5 }),
      atMost("one camera with one viewer, hub and worker", {
        value: await house(camera.address, 1),
        unit: "MB",
        reach: 100,
      }),
      atMost("20 cameras with a viewer each, hub and worker", {
        ...{ value: await house(camera.address, 20), unit: "MB", reach: 160 },
      }),
    ],
  };
}

async function withCameras(address: string, count: number): Promise<number> {
  const ids = Array.from({ length: count }, (_, index) => `camera-${index}`);
  await using hub = await startHub({ devices: Object.fromEntries(ids.map((id) => [id, { address, warm: true }])) });
  await wait(settleMs);
  const answer = (await (await hub.call("api/v1/devices")).json()) as { devices: { state: { phase: string } }[] };
  const live = answer.devices.filter(({ state }) => state.phase === "live").length;
  if (live !== count) throw new Error(`${live} of ${count} cameras are live`);
  return footprintMb([hub.pid]);
}

/** From some viewers to many: the first ones pay for what all share. */
async function perViewer(address: string): Promise<number> {
  await using hub = await startHub({ devices: { one: address } });
  await using _few = await openReceivers(hub, { device: "one", kind: "video", count: viewers.before });
  await wait(settleMs);
  const beforeMb = footprintMb(pidsOf(hub));
  const added = viewers.after - viewers.before;
  await using _many = await openReceivers(hub, { device: "one", kind: "video", count: added, processes: 2 });
  await wait(settleMs);
  return (footprintMb(pidsOf(hub)) - beforeMb) / added;
}

/** The whole of a house with so many cameras, each of which somebody watches. */
async function house(address: string, count: number): Promise<number> {
  const ids = Array.from({ length: count }, (_, index) => `camera-${index}`);
  await using hub = await startHub({ devices: Object.fromEntries(ids.map((id) => [id, address])) });
  await using viewers = new AsyncDisposableStack();
  for (const device of ids) viewers.use(await openReceivers(hub, { device, kind: "video", count: 1 }));
  await wait(settleMs);
  return round(footprintMb(pidsOf(hub)), 0);
}

function pidsOf(hub: BenchHub): number[] {
  const worker = hub.webrtcPid();
  if (worker === undefined) throw new Error("the WebRTC worker does not run");
  return [hub.pid, worker];
}

if (import.meta.main) console.table((await run()).rows);
