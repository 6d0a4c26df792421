import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { makeClip, startCamera } from "./camera-process.ts";
import type { FromCollectionProbe, ToCollectionProbe } from "./collection-probe.ts";
import { round } from "./figures.ts";
import { type BenchHub, startHub } from "./hub.ts";
import { cpuSeconds, footprintMb } from "./process-figures.ts";
import { openReceivers } from "./receivers.ts";
import { atMost, type BenchResult, type BenchRow } from "./result.ts";

const few = 4;
const many = 16;
/** What four times as many may cost more, each: work that grows with the square of them costs four times as much. */
const growthReach = 2;
const warmMs = 6000;
const settleMs = 1500;
const measureMs = 3000;
/** What a hundred and fifty viewers who came and went may leave behind, MB. */
const leakReachMb = { hub: 3, worker: 8 };
const rounds = 4;

/**
 * A change of kind, and no figure of the machine's: each row is a ratio within this run, or a count. Cameras send the same
 * picture of 720p25.
 */
export async function run(): Promise<BenchResult> {
  const clip = makeClip(1);
  await using plain = await startCamera("clip-rtsp", clip);
  await using stamped = await startCamera("stamped-rtsp", clip);
  const cameras = Object.fromEntries(
    Array.from({ length: many }, (_, n) => [`camera-${n}`, { address: plain.address, warm: true }]),
  );
  const probe = new URL("./collection-probe.ts", import.meta.url).href;
  await using hub = await startHub({
    devices: { ...cameras, watched: stamped.address },
    execArgv: ["--import", probe],
  });
  return {
    name: "smoke",
    rows: [...(await withCameras(hub)), ...(await withViewers(hub)), ...(await leftBehind(hub))],
  };
}

/** With many first: what the program learns while it begins would count for the few. */
async function withCameras(hub: BenchHub): Promise<BenchRow[]> {
  await wait(warmMs);
  const all = await ingest(hub);
  for (let n = few; n < many; n++) {
    const init = { method: "PATCH", type: "application/json", body: JSON.stringify({ enabled: false }) };
    const answer = await hub.call(`api/v1/devices/camera-${n}`, init);
    if (!answer.ok) throw new Error(`camera-${n} was not switched off: ${answer.status} ${await answer.text()}`);
  }
  await wait(settleMs);
  const some = await ingest(hub);
  const growth = all.cpu / many / (some.cpu / few);
  return [
    atMost(`CPU per camera, ${many} to ${few}`, { value: round(growth, 2), unit: "x", reach: growthReach }),
    atMost("collector's share of the hub's work", { value: round(all.collected * 100, 1), unit: "%", reach: 15 }),
  ];
}

/** CPU seconds of the hub, and the share of its main thread's work that was collecting. */
async function ingest(hub: BenchHub): Promise<{ readonly cpu: number; readonly collected: number }> {
  await ask(hub, "tell");
  const before = cpuSeconds(hub.pid);
  await wait(measureMs);
  const cpu = cpuSeconds(hub.pid) - before;
  const { collectedMs, activeMs } = await ask(hub, "tell");
  return { cpu, collected: collectedMs / activeMs };
}

async function ask(hub: BenchHub, what: ToCollectionProbe): Promise<FromCollectionProbe> {
  const answer = once(hub.child, "message");
  hub.child.send(what);
  const [told] = (await answer) as [FromCollectionProbe];
  return told;
}

async function withViewers(hub: BenchHub): Promise<BenchRow[]> {
  await using first = await openReceivers(hub, { device: "watched", kind: "video", count: few * 5, listening: 5 });
  const cost = async () => {
    await wait(settleMs);
    const worker = hub.webrtcPid()!;
    const before = cpuSeconds(worker);
    const { lost } = await first.listen(measureMs);
    return { cpu: cpuSeconds(worker) - before, lost };
  };
  const more = await openReceivers(hub, { device: "watched", kind: "video", count: (many - few) * 5 });
  const all = await cost();
  await more[Symbol.asyncDispose]();
  const some = await cost();
  const growth = all.cpu / many / (some.cpu / few);
  return [
    atMost(`CPU per viewer, ${many * 5} to ${few * 5}`, { value: round(growth, 2), unit: "x", reach: growthReach }),
    atMost("packets lost", { value: some.lost + all.lost, unit: "", reach: 0 }),
  ];
}

/** The first round pays for what all rounds share. In the hub what lives counts, not what waits to be collected. */
async function leftBehind(hub: BenchHub): Promise<BenchRow[]> {
  const live: number[] = [];
  const worker: number[] = [];
  for (let n = 0; n < rounds; n++) {
    const viewers = await openReceivers(hub, { device: "watched", kind: "video", count: 50 });
    await viewers[Symbol.asyncDispose]();
    live.push((await ask(hub, "collect")).liveMb);
    worker.push(footprintMb([hub.webrtcPid()!]));
  }
  const grown = (taken: readonly number[]) => round(taken.at(-1)! - taken[0]!, 1);
  return [
    atMost("hub: memory that 150 viewers leave behind", { value: grown(live), unit: "MB", reach: leakReachMb.hub }),
    atMost("worker: the same", { value: grown(worker), unit: "MB", reach: leakReachMb.worker }),
  ];
}
