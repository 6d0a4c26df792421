import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { systemClock } from "../src/util/clock.ts";
import { silentLog } from "../src/util/log.ts";
import { createPublishWorker } from "../src/workers/webrtc/publish.ts";
import { startAgentProcess } from "../test/e2e/agent-process.ts";
import { type AgentBackend, startAgentBackend } from "../test/peers/agent-backend.ts";
import { makeClip, startCamera } from "./camera-process.ts";
import { round } from "./figures.ts";
import { childrenOf, cpuSeconds } from "./process-figures.ts";
import { atMost, type BenchResult, type BenchRow } from "./result.ts";

const settleMs = 3000;
const measureMs = 8000;
/** Times the CPU of FFmpeg's own program that does the same. */
const reach = { passing: 6, encoded: 1.6 };
const bitrate = 1500;
/** A webcam of 720p30 with pictures in YUYV, as one without JPEG gives them. */
const webcam = "testsrc2=size=1280x720:rate=30,format=yuyv422,realtime";
const encoder = ["-c:v", "libx264", "-preset", "superfast", "-tune", "zerolatency", "-profile:v", "baseline"];
const rate = ["-b:v", `${bitrate}k`, "-maxrate", `${bitrate}k`, "-bufsize", `${bitrate / 2}k`, "-g", "300"];
const pixels = ["-pix_fmt", "yuv420p", "-sws_flags", "fast_bilinear"];

/**
 * What an agent takes of a core for one viewer and for two: H.264 that passes through, and a webcam that is encoded, each beside
 * FFmpeg's own program that does the same.
 */
export async function run(): Promise<BenchResult> {
  const clip = makeClip(1);
  await using camera = await startCamera("clip-rtsp", clip);
  const passing = await ofAgent(["--source", camera.address]);
  await using sink = await openSink();
  const copied = await ofFfmpeg([
    "-rtsp_transport",
    "tcp",
    "-i",
    camera.address,
    "-map",
    "0:v",
    "-c",
    "copy",
    "-f",
    "rtp",
    sink.url,
  ]);
  const encoded = await ofAgent(["--source", `capture:lavfi:${webcam}`, "--bitrate", `${bitrate}-${bitrate}`]);
  const plain = await ofFfmpeg(["-f", "lavfi", "-i", webcam, ...encoder, ...rate, ...pixels, "-f", "null", "-"]);
  return {
    name: "CPU of a camera agent",
    rows: [
      ...rowsOf("720p25 by RTSP, passed through", { agent: passing, floor: copied, most: reach.passing }),
      ...rowsOf("720p30 raw, encoded", { agent: encoded, floor: plain, most: reach.encoded }),
    ],
  };
}

interface Taken {
  readonly one: number;
  readonly two: number;
}

function rowsOf(
  what: string,
  of: { readonly agent: Taken; readonly floor: number; readonly most: number },
): BenchRow[] {
  const { agent, floor, most } = of;
  return [
    { what: `${what}: agent, one viewer`, value: round(agent.one, 1), unit: "% of a core" },
    { what: `${what}: second viewer adds`, value: round(agent.two - agent.one, 1), unit: "% of a core" },
    { what: `${what}: FFmpeg's program alone`, value: round(floor, 1), unit: "% of a core" },
    atMost(`${what}: agent to FFmpeg`, { value: round(agent.one / floor, 2), unit: "times", reach: most }),
  ];
}

async function ofAgent(options: readonly string[]): Promise<Taken> {
  await using backend = await startAgentBackend();
  const state = join(tmpdir(), `doorward-bench-agent-${process.pid}.json`);
  await using agent = startAgentProcess([
    "--backend",
    backend.url,
    "--device-id",
    "bench",
    "--state",
    state,
    ...options,
  ]);
  await backend.agent;
  await using _first = await openViewer(backend);
  const pids = () => [agent.pid, ...childrenOf(agent.pid).map(({ pid }) => pid)];
  const one = await taken(pids);
  await using _second = await openViewer(backend);
  return { one, two: await taken(pids) };
}

/** Percent of a core over {@link measureMs}. */
async function taken(pids: () => readonly number[]): Promise<number> {
  await wait(settleMs);
  const all = pids();
  const sum = () => all.reduce((total, pid) => total + cpuSeconds(pid), 0);
  const [before, beganUs] = [sum(), systemClock.nowUs()];
  await wait(measureMs);
  return ((sum() - before) * 100 * 1e6) / (systemClock.nowUs() - beganUs);
}

/** Watches until disposed. Resolves with its first picture. */
async function openViewer(backend: AgentBackend): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const publishers = opened.use(createPublishWorker({ clock: systemClock, log: silentLog }));
  const first = Promise.withResolvers<void>();
  const onTrack = () => ({ write: () => first.resolve(), updateFormat: () => {} });
  const peer = opened.use(await publishers.ask({ onTrack }));
  const session = backend.watch();
  session.say("signal_offer", { sdp: { type: "offer", sdp: peer.offerSdp } });
  const { sdp } = (await session.next("signal_answer")).payload as { readonly sdp: { readonly sdp: string } };
  for (const candidate of await peer.answered(sdp.sdp)) session.say("signal_ice", { candidate });
  await first.promise;
  return opened.move();
}

/** Takes RTP and throws it away. */
async function openSink(): Promise<{ readonly url: string } & AsyncDisposable> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  const url = `rtp://127.0.0.1:${socket.address().port}`;
  return { url, [Symbol.asyncDispose]: async () => void socket.close() };
}

async function ofFfmpeg(args: readonly string[]): Promise<number> {
  const child: ChildProcess = spawn("ffmpeg", ["-loglevel", "error", ...args], { stdio: "ignore" });
  await once(child, "spawn");
  try {
    return await taken(() => [child.pid ?? 0]);
  } finally {
    child.kill("SIGKILL");
  }
}

if (import.meta.main) console.table((await run()).rows);
