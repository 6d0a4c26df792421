import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { openFilesLimit, socketsWithin } from "../src/util/open-files.ts";
import { percentile, round } from "./figures.ts";
import { type BenchHub, startHub } from "./hub.ts";
import { cpuSeconds, footprintMb } from "./process-figures.ts";
import { atMost, type BenchResult, type BenchRow } from "./result.ts";
import {
  openEnd,
  openIdleAgent,
  type SignallingEnd,
  type SignallingTimes,
  tokenOf,
  watchOnce,
} from "./signalling-agents.ts";

/** As many as there are to be, where this process and the hub may open so many files. */
const devices = Math.min(10_000, socketsWithin(10_100, openFilesLimit()) - 100);
const settleMs = 5000;
const heartbeatMs = 30_000;
const watchesPerMinute = 1000;
const watchMs = 60_000;
const viewers = 16;
const tickMs = 5;
/** Strangers of one address have 64 places. */
const atOnce = 32;

/** Camera agents that are connected and that nobody watches, and the signalling beside them. */
export async function run(): Promise<BenchResult> {
  const ids = Array.from({ length: devices }, (_, n) => `cam-${n}`);
  await using hub = await startHub({
    devices: Object.fromEntries(ids.map((id) => [id, { arrives: "agent" }])),
    config: { enrolment: "open", http: { maxConnections: 2 * devices } },
  });
  await wait(settleMs);
  const beforeMb = footprintMb([hub.pid]);
  await using opened = new AsyncDisposableStack();
  const begunMs = performance.now();
  const agents = await openAll(hub, ids);
  opened.defer(() => {
    for (const agent of agents) agent[Symbol.dispose]();
  });
  const seconds = (performance.now() - begunMs) / 1000;
  opened.use(heartbeats(agents));
  const beats = await cpuOver(hub, heartbeatMs);
  const eachKb = ((footprintMb([hub.pid]) - beforeMb) * 1024) / agents.length;
  const late = monitorEventLoopDelay({ resolution: tickMs });
  late.enable();
  const times = await watches(hub, ids);
  const lateMs = late.percentile(99) / 1e6 - tickMs;
  const rows = rowsOf({ count: agents.length, seconds, eachKb, beats, lateMs, times });
  return { name: "signalling of camera agents", rows };
}

/** What was found. */
interface Found {
  readonly count: number;
  readonly seconds: number;
  readonly eachKb: number;
  readonly beats: number;
  readonly lateMs: number;
  readonly times: readonly SignallingTimes[];
}

function rowsOf({ count, seconds, eachKb, beats, lateMs, times }: Found): BenchRow[] {
  const ready = times.map(({ readyMs }) => readyMs);
  const answer = times.map(({ answerMs }) => answerMs);
  return [
    { what: "agents connected", value: count, unit: "" },
    { what: "agents let in per second", value: round(count / seconds, 0), unit: "/s" },
    atMost("memory of each, connected and idle", { value: round(eachKb, 1), unit: "kB", reach: 25 }),
    atMost("CPU of their heartbeats and pings", { value: round(beats * 100, 1), unit: "% of a core", reach: 10 }),
    ...timesOf("watch_request to watch_ready", ready),
    ...timesOf("offer over the agent to answer", answer),
    { what: "timers of this process meanwhile, late by: p99", value: round(lateMs, 1), unit: "ms" },
  ];
}

async function openAll(hub: BenchHub, ids: readonly string[]): Promise<readonly SignallingEnd[]> {
  const url = `${hub.url.replace("http", "ws")}ws/device`;
  const agents: SignallingEnd[] = [];
  const left = ids.values();
  const some = async () => {
    for (const id of left) agents.push(await openIdleAgent(url, id));
  };
  await Promise.all(Array.from({ length: atOnce }, some));
  return agents;
}

/** Each says every 30 s that it is there, all of them spread evenly. */
function heartbeats(agents: readonly SignallingEnd[]): Disposable {
  const everyMs = 100;
  const share = Math.ceil((agents.length * everyMs) / heartbeatMs);
  let at = 0;
  const timer = setInterval(() => {
    for (let n = 0; n < share; n++) agents[at++ % agents.length]?.say("heartbeat");
  }, everyMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function cpuOver(hub: BenchHub, ms: number): Promise<number> {
  const [begun, begunMs] = [cpuSeconds(hub.pid), performance.now()];
  await wait(ms);
  return ((cpuSeconds(hub.pid) - begun) / (performance.now() - begunMs)) * 1000;
}

async function watches(hub: BenchHub, ids: readonly string[]): Promise<readonly SignallingTimes[]> {
  const url = `${hub.url.replace("http", "ws")}ws/viewer`;
  const token = await tokenOf(hub);
  const ends = await Promise.all(Array.from({ length: viewers }, () => openEnd(url, { token })));
  const times: SignallingTimes[] = [];
  const began = performance.now();
  const count = (watchesPerMinute * watchMs) / 60_000;
  await Promise.all(
    ends.map(async (viewer, own) => {
      for (let n = own; n < count; n += viewers) {
        await wait(Math.max(0, began + (n * 60_000) / watchesPerMinute - performance.now()));
        times.push(await watchOnce(viewer, ids[(n * 7919) % ids.length]!));
      }
    }),
  );
  for (const end of ends) end[Symbol.dispose]();
  return times;
}

function timesOf(what: string, tookMs: readonly number[]): BenchRow[] {
  return [
    { what: `${what}: p50`, value: round(percentile(tookMs, 50), 1), unit: "ms" },
    atMost(`${what}: p99`, { value: round(percentile(tookMs, 99), 1), unit: "ms", reach: 20 }),
  ];
}

if (import.meta.main) console.table((await run()).rows);
