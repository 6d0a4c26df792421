import { setTimeout as wait } from "node:timers/promises";
import { makeClip, startCamera } from "./camera-process.ts";
import { percentile, round } from "./figures.ts";
import { type BenchHub, type BenchHubOptions, startHub, temporaryFolder } from "./hub.ts";
import { footprintMb, pssMb, rssMb } from "./process-figures.ts";
import { openReceivers } from "./receivers.ts";
import { atMost, type BenchResult, type BenchRow } from "./result.ts";

const starts = 10;
const settleMs = 4000;
/** The thread that writes the database has gone by then. */
const restMs = 35_000;

/** From the process's start until the hub listens, and what it takes of the memory while nobody uses it. */
export async function run(): Promise<BenchResult> {
  await using folder = await temporaryFolder();
  await using modules = await temporaryFolder();
  const options = { folder: folder.path, env: { NODE_COMPILE_CACHE: modules.path }, signIn: false };
  const first = await startMs(options);
  const all: number[] = [];
  const cpu: number[] = [];
  for (let n = 0; n < starts; n++) {
    await using hub = await startHub(options);
    all.push(hub.startMs);
    cpu.push(hub.startCpuMs);
  }
  return {
    name: "start",
    rows: [
      {
        what: "start to listening, median of 10",
        ...{ value: round(percentile(all, 50), 0), unit: "ms" },
        // 250 ms where an empty program takes 40.
        ...{ floor: "startMs", reachRatio: 6.25 },
      },
      { what: "processor time until then, all threads, median", value: round(percentile(cpu, 50), 0), unit: "ms" },
      { what: "start to listening, slowest of 10", value: round(Math.max(...all), 0), unit: "ms" },
      { what: "the very first start (certificates made, modules compiled)", value: round(first, 0), unit: "ms" },
      await noCameraRow(options.env),
      ...(await idleRows(options.env)),
    ],
  };
}

async function startMs(options: BenchHubOptions): Promise<number> {
  await using hub = await startHub(options);
  return hub.startMs;
}

/** A hub that was set up in an earlier run, as all are but the very first. */
async function noCameraRow(env: Readonly<Record<string, string>>): Promise<BenchRow> {
  await using folder = await temporaryFolder();
  const options = { folder: folder.path, env };
  {
    await using _before = await startHub(options);
  }
  await using hub = await startHub({ ...options, signIn: false });
  await wait(restMs);
  const value = round(footprintMb([hub.pid]), 0);
  return atMost("memory of the idle hub without a camera", { value, unit: "MB", reach: 70, floor: "memoryMb" });
}

/** The second of two hubs: the first leaves the worker's compiled modules behind, as every run does. */
async function idleRows(env: Readonly<Record<string, string>>): Promise<BenchRow[]> {
  await using camera = await startCamera("clip-rtsp", makeClip(1));
  const options = { devices: { one: camera.address }, env };
  {
    await using before = await startHub(options);
    await watchOnce(before);
  }
  await using hub = await startHub(options);
  await wait(restMs);
  const alone = footprintMb([hub.pid]);
  await watchOnce(hub);
  await wait(settleMs);
  const pids = [hub.pid, hub.webrtcPid()!];
  const sum = (figure: (pid: number) => number) => round(figure(pids[0]!) + figure(pids[1]!), 0);
  return [
    {
      what: "memory of the idle hub that was just set up, before its first viewer",
      ...{ value: round(alone, 0), unit: "MB", floor: "memoryMb" },
    },
    atMost("memory of the idle hub with its WebRTC worker", {
      value: round(footprintMb(pids), 0),
      unit: "MB",
      reach: 120,
      floor: "memoryMb",
    }),
    { what: "the same as sum of PSS", value: sum(pssMb), unit: "MB" },
    { what: "the same as sum of RSS, which counts shared pages twice", value: sum(rssMb), unit: "MB" },
  ];
}

/** One viewer comes and goes, and the camera is let go: the worker runs from then on for 30 s. */
async function watchOnce(hub: BenchHub): Promise<void> {
  const viewer = await openReceivers(hub, { device: "one", kind: "video", count: 1 });
  await viewer[Symbol.asyncDispose]();
  await hub.call("api/v1/devices/one/restart", { method: "POST", type: "application/json", body: "{}" });
}

if (import.meta.main) console.table((await run()).rows);
