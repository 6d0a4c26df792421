import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { createPublishWorker } from "../src/workers/webrtc/publish.ts";
import { percentile, round } from "./figures.ts";
import { type BenchHub, startHub, temporaryFolder } from "./hub.ts";
import type { BenchResult, BenchRow } from "./result.ts";
import { openEnd, type SignallingEnd, tokenOf } from "./signalling-agents.ts";

const tries = 20;
const coldTries = 5;
/** Until the hub lets an agent rest that nobody watches. */
const restMs = 12_000;
const patienceMs = 15_000;

type Peers = ReturnType<typeof createPublishWorker>;

/**
 * From a viewer's offer to its first frame: of a camera agent as people start it, directly and through the hub, while
 * somebody else watches and while nobody does.
 */
export async function run(): Promise<BenchResult> {
  await using hub = await startHub({ devices: { shed: { arrives: "agent" } }, config: { enrolment: "open" } });
  await using _agent = await startAgent(hub);
  const url = `${hub.url.replace("http", "ws")}ws/viewer`;
  const token = await tokenOf(hub);
  using viewer = await openEnd(url, { token });
  using other = await openEnd(url, { token });
  // Two, as two viewers are: between the same two ports one connection stands at a time.
  await using peers = createPublishWorker({ clock: systemClock, log: silentLog });
  await using others = createPublishWorker({ clock: systemClock, log: silentLog });
  const cold = async (relayed: boolean) => {
    const took: number[] = [];
    for (let n = 0; n < coldTries; n++) {
      await wait(restMs);
      took.push(await firstFrameMs(viewer, { peers, relayed }));
    }
    return took;
  };
  const warm = async (relayed: boolean) => {
    await using _watches = await watch(other, { peers: others, relayed });
    const took: number[] = [];
    for (let n = 0; n < tries; n++) took.push(await firstFrameMs(viewer, { peers, relayed }));
    return took;
  };
  await firstFrameMs(viewer, { peers, relayed: true });
  return {
    name: "a viewer's offer to the first frame of a camera agent",
    rows: [
      ...rowsOf("direct, somebody watches", await warm(false)),
      ...rowsOf("relayed, somebody watches", await warm(true)),
      ...rowsOf("direct, nobody watched", await cold(false)),
      ...rowsOf("relayed, nobody watched", await cold(true)),
    ],
  };
}

function rowsOf(what: string, tookMs: readonly number[]): BenchRow[] {
  return [50, 95].map((percent) => ({
    what: `${what}: p${percent} of ${tookMs.length}`,
    value: round(percentile(tookMs, percent), 0),
    unit: "ms",
  }));
}

/** Watches for one frame. */
async function firstFrameMs(
  viewer: SignallingEnd,
  how: { readonly peers: Peers; readonly relayed: boolean },
): Promise<number> {
  await using watched = await watch(viewer, how);
  return watched.tookMs;
}

/** Watches until it is disposed; resolves with the first frame. */
async function watch(
  viewer: SignallingEnd,
  { peers, relayed }: { readonly peers: Peers; readonly relayed: boolean },
): Promise<{ readonly tookMs: number } & AsyncDisposable> {
  const first = Promise.withResolvers<number>();
  await using opened = new AsyncDisposableStack();
  const peer = opened.use(
    await peers.ask({
      onTrack: ({ kind }) => ({
        write: () => kind === "video" && first.resolve(performance.now()),
        updateFormat: () => {},
      }),
    }),
  );
  const ready = viewer.next("watch_ready");
  viewer.say("watch_request", { device_id: "shed", relayed });
  const { session_id } = await ready;
  opened.defer(() => viewer.say("end_watch", { session_id }));
  viewer.on("signal_ice", ({ candidate }) => {
    if (candidate) peer.addCandidate({ sdpMid: "0", ...(candidate as { readonly candidate: string }) });
  });
  const begunMs = performance.now();
  const answer = viewer.next("signal_answer");
  viewer.say("signal_offer", { session_id, sdp: { type: "offer", sdp: peer.offerSdp } });
  const { sdp } = (await answer) as { readonly sdp: { readonly sdp: string } };
  for (const candidate of await peer.answered(sdp.sdp)) viewer.say("signal_ice", { session_id, candidate });
  const late = setTimeout(() => first.reject(new Error("no frame came")), patienceMs);
  const tookMs = (await first.promise) - begunMs;
  clearTimeout(late);
  const owned = opened.move();
  return { tookMs, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** `doorward agent` in a process of its own, until it says that it is connected. */
async function startAgent(hub: BenchHub): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const { path } = opened.use(await temporaryFolder());
  const backend = `${hub.url.replace("http", "ws")}ws/device`;
  const source = "test:?size=640x360&fps=25&gop=2&tone=440";
  const program = join(import.meta.dirname, "..", "bin", "doorward.js");
  const args = [
    "agent",
    "--backend",
    backend,
    "--device-id",
    "shed",
    "--source",
    source,
    "--state",
    join(path, "a.json"),
  ];
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const onExit = () => void child.kill("SIGKILL");
  process.once("exit", onExit);
  opened.defer(async () => {
    process.off("exit", onExit);
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  });
  child.stderr.setEncoding("utf8");
  let said = "";
  for await (const text of child.stderr.iterator({ destroyOnReturn: false })) {
    said += text;
    if (said.includes("is connected to")) break;
  }
  child.stderr.resume();
  const owned = opened.move();
  return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

if (import.meta.main) console.table((await run()).rows);
