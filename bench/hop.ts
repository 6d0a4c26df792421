import { setTimeout as wait } from "node:timers/promises";
import type { Viewer, WebRtcWorker } from "../src/media/viewer.ts";
import { systemClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { findEngine } from "../src/workers/webrtc/engine/program.ts";
import { createWebRtcWorker } from "../src/workers/webrtc/index.ts";
import { play, report, startViewers } from "./fanout.ts";
import { percentile, round } from "./figures.ts";
import type { BenchResult, BenchRow } from "./result.ts";
import type { FromViewers, ToViewers } from "./viewer.ts";

/** 720p25 each, watched by one viewer each. */
const cameras = 8;
const framesPerSecond = 25;
const warmUpMs = 10_000;
const measureMs = 8000;

/**
 * What it costs the hub to hand a frame to the worker's process: its CPU with a viewer on each of 8 tracks, less its CPU with the same
 * tracks and nobody watching. The delay is from writing a frame to its track until the viewer has its last packet.
 */
export async function run(): Promise<BenchResult> {
  const engines = findEngine() ? (["node", "native"] as const) : (["node"] as const);
  const rows: BenchRow[] = [];
  for (const engine of engines) {
    const name = engine === "node" ? "child in TypeScript" : "native engine";
    const { cpuMs, delaysMs, lost } = await measure(engine);
    rows.push(
      { what: `${name}: hub CPU per frame handed over`, value: round(cpuMs, 3), unit: "ms" },
      { what: `${name}: delay p50`, value: round(percentile(delaysMs, 50), 2), unit: "ms", floor: "hopMs" },
      { what: `${name}: delay p99`, value: round(percentile(delaysMs, 99), 2), unit: "ms" },
      { what: `${name}: packets lost`, value: lost, unit: "" },
    );
  }
  return { name: "the hop to the WebRTC worker", rows };
}

async function measure(engine: "node" | "native") {
  await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, engine });
  using sources = new DisposableStack();
  const tracks = Array.from({ length: cameras }, () => sources.use(play("video")).track);
  await wait(warmUpMs / 2);
  const aloneMs = await cpuMs();
  const viewers = startViewers();
  sources.defer(() => void viewers.kill("SIGKILL"));
  const opened = new Map<number, Viewer>();
  const connected = new Set<number>();
  viewers.on("message", (message: FromViewers) => {
    if (message.type === "connected") connected.add(message.id);
    else if (message.type === "offer") void answer(message);
  });
  const answer = async ({ id, sdp }: { readonly id: number; readonly sdp: string }): Promise<void> => {
    const viewer = await view(worker, { offerSdp: sdp, video: tracks[id]! });
    await opened.get(id)?.[Symbol.asyncDispose]();
    opened.set(id, viewer);
    viewers.send({ type: "answer", id, sdp: viewer.answerSdp } satisfies ToViewers);
  };
  for (let id = 0; id < cameras; id++) {
    viewers.send({ type: "open", id, kind: "video", listens: true } satisfies ToViewers);
    while (connected.size <= id) await wait(5);
  }
  await wait(warmUpMs);
  viewers.send({ type: "begin" } satisfies ToViewers);
  const watchedMs = await cpuMs();
  const { delaysMs, lost } = await report(viewers);
  return { cpuMs: (watchedMs - aloneMs) / ((cameras * framesPerSecond * measureMs) / 1000), delaysMs, lost };
}

const view = (worker: WebRtcWorker, request: Pick<Parameters<WebRtcWorker["view"]>[0], "offerSdp" | "video">) =>
  worker.view({ ...request, acceptMicrophone: false });

/** CPU of this process during the time that is measured. */
async function cpuMs(): Promise<number> {
  const before = process.cpuUsage();
  await wait(measureMs);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

if (import.meta.main) console.table((await run()).rows);
