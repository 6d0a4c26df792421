import { setTimeout as wait } from "node:timers/promises";
import type { Page } from "playwright-core";
import { weriftViewer } from "../test/e2e/webrtc-werift.ts";
import { openBrowser } from "./browser.ts";
import { makeClip, startCamera } from "./camera-process.ts";
import { percentile, round } from "./figures.ts";
import { type BenchHub, startHub, temporaryFolder } from "./hub.ts";
import { atMost, type BenchResult, type BenchRow } from "./result.ts";

const warmTries = 20;
const coldTries = 10;
/** The cold devices of one camera begin at different places of its group of pictures. */
const coldEveryMs = { 2: 730, 10: 1130 };
const reach = { p50: 120, p95: 200 };
/** From the offer of a camera that is not connected until the hub's answer. */
const answerReachMs = 20;

/**
 * From the moment at which a page in Chromium begins to make a connection until it presents the first frame: warm, the
 * hub being connected to the camera, and cold, the hub having to connect first.
 */
export async function run(): Promise<BenchResult> {
  await using short = await startCamera("clip-rtsp", makeClip(2));
  const longClip = makeClip(10);
  await using long = await startCamera("clip-rtsp", longClip);
  await using raw = await startCamera("clip-raw", longClip);
  const cold = (name: string, address: string) =>
    Object.fromEntries(Array.from({ length: coldTries }, (_, index) => [`${name}-${index}`, address]));
  await using hub = await startHub({
    devices: {
      short: { address: short.address, warm: true },
      long: { address: long.address, warm: true },
      raw: raw.address,
      ...cold("cold-short", short.address),
      ...cold("cold-long", long.address),
      ...cold("cold-answer", short.address),
    },
  });
  await using browser = await openPage(hub);
  const { page } = browser;
  await firstFrameMs(page, "short");
  await wait(1000);
  const answered = atMost("cold, RTSP, answered: p50", {
    value: round(percentile(await coldAnswers(hub), 50), 0),
    unit: "ms",
    reach: answerReachMs,
  });
  return {
    name: "time to first frame in Chromium",
    rows: [
      ...rowsOf("warm, key frame every 2 s", await warm(page, "short"), reach),
      ...rowsOf("warm, key frame every 10 s", await warm(page, "long"), reach),
      ...rowsOf("cold, raw camera whose hook asks for a key frame", await coldRaw(hub, page)),
      ...rowsOf("cold, RTSP, key frame every 2 s", await coldAll(page, { name: "cold-short", seconds: 2 })),
      ...rowsOf("cold, RTSP, key frame every 10 s", await coldAll(page, { name: "cold-long", seconds: 10 })),
      answered,
    ],
  };
}

function rowsOf(what: string, tookMs: readonly number[], limits?: typeof reach): BenchRow[] {
  return ([50, 95] as const).map((percent) => {
    const name = `${what}: p${percent}`;
    const value = round(percentile(tookMs, percent), 0);
    return limits
      ? atMost(name, { value, unit: "ms", reach: limits[`p${percent}`] })
      : { what: name, value, unit: "ms" };
  });
}

async function warm(page: Page, device: string): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < warmTries; n++) {
    took.push(await firstFrameMs(page, device));
    // Another place within the group of pictures each time.
    await wait(70 + ((n * 173) % 400));
  }
  return took;
}

async function coldRaw(hub: BenchHub, page: Page): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < coldTries; n++) {
    await hub.call("api/v1/devices/raw/restart", { method: "POST", type: "application/json", body: "{}" });
    await wait(200);
    took.push(await firstFrameMs(page, "raw"));
  }
  return took;
}

/** Each device is connected for the first time. Those of a slow camera wait for its key frame together. */
async function coldAll(page: Page, from: { readonly name: string; readonly seconds: 2 | 10 }): Promise<number[]> {
  const waiting: Promise<number>[] = [];
  for (let n = 0; n < coldTries; n++) {
    waiting.push(firstFrameMs(page, `${from.name}-${n}`));
    await wait(coldEveryMs[from.seconds]);
  }
  return Promise.all(waiting);
}

/** From an offer until its answer, without a browser's share in it. */
async function coldAnswers(hub: BenchHub): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < coldTries; n++) {
    await using viewer = await weriftViewer({ setup: "active" });
    const begunMs = performance.now();
    await hub.call(`whep/cold-answer-${n}`, { method: "POST", type: "application/sdp", body: viewer.offerSdp });
    took.push(performance.now() - begunMs);
  }
  return took;
}

async function openPage(hub: BenchHub): Promise<{ readonly page: Page } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const { path: profileDir } = opened.use(await temporaryFolder());
  const { context } = opened.use(await openBrowser({ profileDir }));
  const [name = "", value = ""] = hub.cookie.split("=");
  await context.addCookies([{ name, value, url: hub.url }]);
  const page = await context.newPage();
  await page.goto(`${hub.url}health`);
  const owned = opened.move();
  return { page, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Watches as the hub's own page does, without its dressing, and ends again. Throws after 15 s without a frame. */
function firstFrameMs(page: Page, device: string): Promise<number> {
  return page.evaluate(async (path) => {
    const begunMs = performance.now();
    const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    const video = document.createElement("video");
    video.muted = true;
    document.body.append(video);
    const shown = new Promise<number>((resolve) => {
      video.requestVideoFrameCallback(() => resolve(performance.now() - begunMs));
    });
    connection.addTransceiver("video", { direction: "recvonly" });
    connection.addTransceiver("audio", { direction: "sendrecv" });
    connection.ontrack = ({ track }) => {
      if (track.kind !== "video") return;
      video.srcObject = new MediaStream([track]);
      void video.play();
    };
    await connection.setLocalDescription();
    const reply = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/sdp", "x-doorward": "1" },
      body: connection.localDescription?.sdp ?? "",
    });
    const sdp = await reply.text();
    if (reply.status !== 201) throw new Error(`${path}: ${reply.status} ${sdp}`);
    await connection.setRemoteDescription({ type: "answer", sdp });
    const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`${path}: no frame`)), 15_000));
    const tookMs = await Promise.race([shown, late]);
    connection.close();
    video.remove();
    await fetch(reply.headers.get("location") ?? "", { method: "DELETE", headers: { "x-doorward": "1" } });
    return tookMs;
  }, `/whep/${device}`);
}

if (import.meta.main) console.table((await run()).rows);
