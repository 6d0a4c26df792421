import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { makeClip, startCamera } from "./camera-process.ts";
import { percentile, round } from "./figures.ts";
import { type BenchHub, startHub } from "./hub.ts";
import { footprintMb, pssMb, rssMb } from "./process-figures.ts";
import { openReceivers } from "./receivers.ts";
import { atMost, type BenchResult, type BenchRow } from "./result.ts";

const starts = 10;
const cameras = 20;
const viewers = { before: 10, after: 110 };
const settleMs = 3000;

/** From the process's start until the hub listens, and the memory that the hub and its WebRTC worker take. */
export async function run(): Promise<BenchResult> {
  return { name: "start and memory", rows: [...(await startRows()), ...(await memoryRows())] };
}

async function startRows(): Promise<BenchRow[]> {
  await using folder = await temporaryFolder();
  await using modules = await temporaryFolder();
  const env = { NODE_COMPILE_CACHE: modules.path };
  const first = await startMs({ folder: folder.path, env });
  const all: number[] = [];
  for (let n = 0; n < starts; n++) all.push(await startMs({ folder: folder.path, env }));
  return [
    atMost("start to listening, median of 10", { value: round(percentile(all, 50), 0), unit: "ms", reach: 400 }),
    { what: "the very first start (certificates made, modules compiled)", value: round(first, 0), unit: "ms" },
  ];
}

async function startMs(options: { readonly folder: string; readonly env: Record<string, string> }): Promise<number> {
  await using hub = await startHub({ ...options, signIn: false });
  return hub.startMs;
}

/** The hub alone, after its worker has run, with cameras, with viewers: each step settles before it is measured. */
async function memoryRows(): Promise<BenchRow[]> {
  const clip = makeClip(1);
  await using camera = await startCamera("clip-rtsp", clip);
  const devices = { one: camera.address };
  await using hub = await startHub({ devices });
  await wait(settleMs);
  const aloneMb = footprintMb([hub.pid]);
  await (await openReceivers(hub, { device: "one", kind: "video", count: 1 }))[Symbol.asyncDispose]();
  await hub.call("api/v1/devices/one/restart", { method: "POST", type: "application/json", body: "{}" });
  await wait(settleMs);
  const idle = pidsOf(hub);
  const idleMb = footprintMb(idle);
  const sum = (figure: (pid: number) => number) =>
    round(
      idle.map(figure).reduce((a, b) => a + b, 0),
      0,
    );
  const rows: BenchRow[] = [
    { what: "idle hub, no worker yet", value: round(aloneMb, 0), unit: "MB" },
    atMost("idle hub and WebRTC worker", { value: round(idleMb, 0), unit: "MB", reach: 120 }),
    { what: "idle hub and WebRTC worker, sum of RSS (shared pages twice)", value: sum(rssMb), unit: "MB" },
    { what: "idle hub and WebRTC worker, sum of PSS", value: sum(pssMb), unit: "MB" },
  ];
  const perCameraMb = await memoryPerCamera({ address: camera.address, idleMb: aloneMb });
  const groupMb = clip.length / 2 ** 20;
  rows.push(
    atMost("memory per camera that is connected", { value: round(perCameraMb, 2), unit: "MB", reach: 5 + groupMb }),
    { what: "of which its group of pictures", value: round(groupMb, 2), unit: "MB" },
    atMost("memory per viewer", { value: round(await memoryPerViewer(hub), 2), unit: "MB", reach: 0.5 }),
  );
  return rows;
}

async function memoryPerCamera(how: { readonly address: string; readonly idleMb: number }): Promise<number> {
  const ids = Array.from({ length: cameras }, (_, index) => `camera-${index}`);
  const devices = Object.fromEntries(ids.map((id) => [id, { address: how.address, warm: true }]));
  await using hub = await startHub({ devices });
  await wait(2 * settleMs);
  await allLive(hub, ids.length);
  return (footprintMb([hub.pid]) - how.idleMb) / cameras;
}

async function allLive(hub: BenchHub, count: number): Promise<void> {
  const answer = (await (await hub.call("api/v1/devices")).json()) as { devices: { state: { phase: string } }[] };
  const live = answer.devices.filter(({ state }) => state.phase === "live").length;
  if (live !== count) throw new Error(`${live} of ${count} cameras are live`);
}

/** Hub and worker together, from some viewers to many: the first ones pay for what all share. */
async function memoryPerViewer(hub: BenchHub): Promise<number> {
  await using _few = await openReceivers(hub, { device: "one", kind: "video", count: viewers.before });
  await wait(settleMs);
  const beforeMb = footprintMb(pidsOf(hub));
  const added = viewers.after - viewers.before;
  await using _many = await openReceivers(hub, { device: "one", kind: "video", count: added, processes: 2 });
  await wait(settleMs);
  return (footprintMb(pidsOf(hub)) - beforeMb) / added;
}

function pidsOf(hub: BenchHub): number[] {
  const worker = hub.webrtcPid();
  if (worker === undefined) throw new Error("the WebRTC worker does not run");
  return [hub.pid, worker];
}

async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "doorward-bench-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

if (import.meta.main) console.table((await run()).rows);
