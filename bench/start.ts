import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "../test/free-port.ts";
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
  const first = await startOnce(options);
  const all: Started[] = [];
  for (let n = 0; n < starts; n++) all.push(await startOnce(options));
  const at = (percent: number, of: (one: Started) => number) => round(percentile(all.map(of), percent), 0);
  return {
    name: "start",
    rows: [
      {
        what: "start to listening, median of 10",
        ...{ value: at(50, ({ listensMs }) => listensMs), unit: "ms" },
        // 250 ms where an empty program takes 40.
        ...{ floor: "startMs", reachRatio: 6.25 },
      },
      { what: "start to listening, slowest of 10", value: at(100, ({ listensMs }) => listensMs), unit: "ms" },
      {
        what: "start until the page is answered, median",
        ...{ value: at(50, ({ answersMs }) => answersMs), unit: "ms", floor: "startMs" },
      },
      {
        what: "start until all is there and it says so, median",
        ...{ value: at(50, ({ startMs }) => startMs), unit: "ms", floor: "startMs" },
      },
      { what: "processor time until then, all threads, median", value: at(50, (one) => one.startCpuMs), unit: "ms" },
      {
        what: "the very first start (certificates made, modules compiled) until all is there",
        ...{ value: round(first.startMs, 0), unit: "ms" },
      },
      await noCameraRow(options.env),
      ...(await idleRows(options.env)),
    ],
  };
}

/** One start; all but the last from the beginning of the process. */
interface Started {
  /** Somebody's connection is accepted. */
  readonly listensMs: number;
  /** They have the page. */
  readonly answersMs: number;
  /** The hub has said where it is to be found. */
  readonly startMs: number;
  readonly startCpuMs: number;
}

async function startOnce(options: BenchHubOptions): Promise<Started> {
  const httpPort = await freePort();
  const [hub, seen] = await Promise.all([startHub({ ...options, httpPort }), visit(httpPort)]);
  await using ends = hub;
  const { begunMs, startMs, startCpuMs } = ends;
  return { listensMs: seen.connectedMs - begunMs, answersMs: seen.answeredMs - begunMs, startMs, startCpuMs };
}

/** Connects as soon as somebody listens, looking each millisecond, and asks for the page. */
async function visit(port: number): Promise<{ readonly connectedMs: number; readonly answeredMs: number }> {
  let socket: Socket | undefined;
  while (!socket) {
    socket = await connected(port);
    if (!socket) await wait(1);
  }
  const connectedMs = performance.now();
  socket.write("GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
  const [head] = (await once(socket.setEncoding("latin1"), "data")) as [string];
  if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(`the page was not answered: ${head.split("\r")[0]}`);
  socket.destroy();
  return { connectedMs, answeredMs: performance.now() };
}

function connected(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", () => resolve(undefined));
  });
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
