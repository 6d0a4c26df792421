import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { opusFormat, type VideoFormat } from "../src/media/format.ts";
import { Track } from "../src/media/track.ts";
import type { Viewer } from "../src/media/viewer.ts";
import { systemClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { machineUs } from "../src/workers/webrtc/child/time.ts";
import { findEngine } from "../src/workers/webrtc/engine/program.ts";
import { createWebRtcWorker } from "../src/workers/webrtc/index.ts";
import { atLeast, atMost, type BenchResult, type BenchRow } from "./result.ts";
import { stamp } from "./stamp.ts";
import type { FromViewers, ToViewers } from "./viewer.ts";

const viewerProcesses = 2;
/** So many viewers, spread among all, look at every packet; the others only report loss, as their library does. */
const listeners = 20;
const measureMs = 6000;
/** What runs often is compiled anew for about a minute, in the child in TypeScript; the native engine is the same from the start. */
const warmUpMs = 60_000;
const ticksPerSecond = 100;

/** 720p25 H.264 of 1.76 Mbit/s in shape: a key frame of 50 packets each second, 6 for each other frame. */
const videoShape = { frameUs: 40_000, keyEvery: 25, keyBytes: 58_000, otherBytes: 6700 };

interface Measured {
  readonly viewers: number;
  readonly packets: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly lost: number;
  readonly memoryMb: number;
  readonly delaysMs: readonly number[];
}

/** Packets of video and of sound per CPU second. */
interface Figures {
  readonly video: number;
  readonly sound: number;
}

/** WebRTC fan-out on loopback, source and hub here, the worker and the viewers in processes of their own: by each child that is here. */
export async function run(): Promise<BenchResult> {
  const children = findEngine() ? (["native", "node"] as const) : (["node"] as const);
  const rows: BenchRow[] = [];
  const figures: Figures[] = [];
  for (const engine of children) {
    const few = await measure({ engine, kind: "video", viewers: 50 });
    const many = await measure({ engine, kind: "video", viewers: 250 });
    const sound = await measure({ engine, kind: "audio", viewers: 400 });
    figures.push({ video: perSecond(many), sound: perSecond(sound) });
    const name = engine === "node" ? "child in TypeScript" : "native engine";
    rows.push(...rowsOf({ few, many, sound }).map((row) => ({ ...row, what: `${name}, ${row.what}` })));
  }
  const [native, node] = figures;
  if (native && node) {
    const ratio = (pick: (one: Figures) => number) => ({ value: round(pick(native) / pick(node), 2), unit: "x" });
    rows.push({ what: "video, packets per CPU second: native engine to child", ...ratio(({ video }) => video) });
    rows.push({ what: "sound, deliveries per CPU second: native engine to child", ...ratio(({ sound }) => sound) });
  }
  return { name: "WebRTC fan-out", rows };
}

const perSecond = (one: Measured) => Math.round(one.packets / one.cpuSeconds);
const core = (one: Measured) => round((one.cpuSeconds / one.seconds) * 100, 1);

function rowsOf(what: { readonly few: Measured; readonly many: Measured; readonly sound: Measured }): BenchRow[] {
  const { few, many, sound } = what;
  return [
    atLeast("video, 250 viewers: packets per CPU second", {
      ...{ value: perSecond(many), unit: "1/s", reach: 140_000, floor: "packets" },
    }),
    atMost("video: CPU per viewer", { value: round(core(many) / many.viewers, 3), unit: "% of a core", reach: 0.15 }),
    atMost("video, 250 viewers: CPU", { value: core(many), unit: "% of a core", reach: 40 }),
    atMost("video, 250 viewers: packets lost", { value: many.lost, unit: "", reach: 0 }),
    atMost("video: memory per viewer", { value: round(many.memoryMb / many.viewers, 2), unit: "MB", reach: 0.5 }),
    atMost("video, 50 viewers: frame end p50", { value: percentile(few, 50), unit: "ms", reach: 15 }),
    atMost("video, 50 viewers: frame end p99", { value: percentile(few, 99), unit: "ms", reach: 30 }),
    atMost("video, 250 viewers: frame end p50", { value: percentile(many, 50), unit: "ms", reach: 60 }),
    atMost("video, 250 viewers: frame end p99", { value: percentile(many, 99), unit: "ms", reach: 120 }),
    atLeast("sound, 400 listeners: deliveries per CPU second", {
      ...{ value: perSecond(sound), unit: "1/s", reach: 100_000, floor: "packets" },
    }),
    atMost("sound, 400 listeners: CPU", { value: core(sound), unit: "% of a core", reach: 22 }),
    atMost("sound, 400 listeners: delay p99", { value: percentile(sound, 99), unit: "ms", reach: 10 }),
    atMost("sound, 400 listeners: packets lost", { value: sound.lost, unit: "", reach: 0 }),
  ];
}

async function measure(what: {
  readonly engine: "native" | "node";
  readonly kind: "video" | "audio";
  readonly viewers: number;
}): Promise<Measured> {
  const { engine, kind, viewers } = what;
  await using worker = createWebRtcWorker({ clock: systemClock, log: silentLog, engine });
  using source = play(kind);
  const children = Array.from({ length: viewerProcesses }, () => startViewers());
  using _ = { [Symbol.dispose]: () => children.forEach((child) => void child.kill("SIGKILL")) };
  const opened = new Map<number, Viewer>();
  const connected = new Set<number>();
  const answer = async (child: ReturnType<typeof startViewers>, offer: { id: number; sdp: string }): Promise<void> => {
    const viewer = await worker.view({ offerSdp: offer.sdp, acceptMicrophone: false, [kind]: source.track });
    await opened.get(offer.id)?.[Symbol.asyncDispose]();
    opened.set(offer.id, viewer);
    child.send({ type: "answer", id: offer.id, sdp: viewer.answerSdp } satisfies ToViewers);
  };
  for (const child of children) {
    child.on("message", (message: FromViewers) => {
      if (message.type === "offer") void answer(child, message);
      else if (message.type === "connected") connected.add(message.id);
    });
  }
  // The first one starts the worker's process: what it needs without viewers is not theirs.
  let baseMb = 0;
  for (let id = 0; id < viewers; id++) {
    const child = children[id % viewerProcesses]!;
    const listens = Math.floor((id * listeners) / viewers) !== Math.floor(((id - 1) * listeners) / viewers);
    child.send({ type: "open", id, kind, listens } satisfies ToViewers);
    while (connected.size < id - 10 || (id === 0 && connected.size === 0)) await wait(5);
    if (id === 0) {
      await wait(500);
      baseMb = memoryMb(worker.pid!);
    }
  }
  while (connected.size < viewers) await wait(20);
  await wait(warmUpMs);
  const pid = worker.pid!;
  const views = [...opened.values()];
  for (const child of children) child.send({ type: "begin" } satisfies ToViewers);
  const before = { cpu: cpuSeconds(pid), packets: await packets(views), lost: await lost(views), us: machineUs() };
  await wait(measureMs);
  const after = { cpu: cpuSeconds(pid), packets: await packets(views), lost: await lost(views), us: machineUs() };
  const reports = await Promise.all(children.map(report));
  return {
    viewers,
    packets: after.packets - before.packets,
    cpuSeconds: after.cpu - before.cpu,
    seconds: (after.us - before.us) / 1e6,
    lost: reports.reduce((sum, one) => sum + one.lost, 0) + after.lost - before.lost,
    memoryMb: memoryMb(pid) - baseMb,
    delaysMs: reports.flatMap((one) => one.delaysMs).sort((a, b) => a - b),
  };
}

/** A process full of viewers (`viewer.ts`). */
export function startViewers() {
  return fork(new URL("./viewer.ts", import.meta.url), [], { serialization: "advanced", execArgv: [] });
}

/** What the viewers of a process have counted since they began. */
export async function report(
  child: ReturnType<typeof startViewers>,
): Promise<Extract<FromViewers, { type: "report" }>> {
  child.send({ type: "report" } satisfies ToViewers);
  for (;;) {
    const [message] = (await once(child, "message")) as [FromViewers];
    if (message.type === "report") return message;
  }
}

const total = async (views: readonly Viewer[], pick: (stats: Awaited<ReturnType<Viewer["stats"]>>) => number) =>
  (await Promise.all(views.map((viewer) => viewer.stats()))).reduce((sum, stats) => sum + pick(stats), 0);
const packets = (views: readonly Viewer[]) => total(views, (stats) => stats.packetsSent);
const lost = (views: readonly Viewer[]) => total(views, (stats) => stats.packetsLost ?? 0);

/** Frames in the shape of a real stream, each ending with the time at which it was written. */
export function play(kind: "video" | "audio"): Disposable & { readonly track: Track } {
  const format: VideoFormat = { kind: "video", codec: "h264", parameterSets: [], profile: "42e01f" };
  const track = new Track(kind === "video" ? format : opusFormat, { id: `bench/${kind}`, clock: systemClock });
  const frameUs = kind === "video" ? videoShape.frameUs : 20_000;
  const startUs = systemClock.nowUs();
  let written = 0;
  const timer = setInterval(() => {
    for (let dueUs = startUs + written * frameUs; dueUs <= systemClock.nowUs(); dueUs += frameUs) {
      const key = kind === "audio" || written % videoShape.keyEvery === 0;
      written++;
      track.write({ data: frame(kind, key), key, timestampUs: Math.round(dueUs) });
    }
  }, 2);
  return {
    track,
    [Symbol.dispose]: () => {
      clearInterval(timer);
      track.close();
    },
  };
}

function frame(kind: "video" | "audio", key: boolean): Uint8Array {
  const bytes = kind === "audio" ? 80 : key ? videoShape.keyBytes : videoShape.otherBytes;
  const data = Buffer.alloc(bytes, 0x5a);
  if (kind === "video") data.set([0, 0, 0, 1, key ? 0x65 : 0x41]);
  else data[0] = 0xfc;
  stamp(data);
  return data;
}

/** CPU of a process over all its threads. */
function cpuSeconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function memoryMb(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1] ?? 0) / 1024;
}

function percentile(one: Measured, percent: number): number {
  const { delaysMs } = one;
  return round(delaysMs[Math.min(delaysMs.length - 1, Math.floor((delaysMs.length * percent) / 100))] ?? Number.NaN, 1);
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

if (import.meta.main) console.table((await run()).rows);
