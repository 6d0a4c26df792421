import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { type HubRig, startRig, until } from "../e2e/hub-rig.ts";
import { openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { startGstServer } from "../peers/gst.ts";

// Runs alone: measures when pictures are shown, and what that costs the hub.

const fps = 25;
const keyEvery = 50;
const viewers = 4;
const measureMs = 6000;
/** Longer than the test may take, so that the numbers never begin again. */
const filmS = 160;
const blocks = 12;

declare global {
  interface Window {
    /** Number of each picture in the order in which they were shown, and when: ms since 1970. */
    shown: { n: number; atMs: number }[];
    /** When clicks were heard, ms since 1970. */
    heard: number[];
  }
}

/** H.264 with B-frames: twelve blocks above say each picture's number; every 50th is white, with a click. */
function makeFilm(file: string): void {
  assert.ok(filmS * fps <= 2 ** blocks, "every picture has a number of its own");
  // Drawn with two points to a block, and enlarged.
  const bit = "bitand(floor(N/pow(2,floor(X/2))),1)";
  const lum = `if(lt(Y,2),if(${bit},235,16),if(eq(mod(N,${keyEvery}),0),235,16))`;
  const drawn = `color=black:s=${blocks * 2}x16:r=${fps}:d=${filmS},geq=lum='${lum}':cb=128:cr=128`;
  execFileSync("ffmpeg", [
    ...["-v", "error", "-y", "-f", "lavfi", "-i", `${drawn},scale=${blocks * 32}:256:flags=neighbor`],
    ...["-f", "lavfi", "-i", `aevalsrc='if(lt(mod(t,2),0.04),0.7*sin(2*PI*1000*t),0)':s=16000:d=${filmS}`],
    ...["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "fast", "-bf", "3", "-g", `${keyEvery}`, "-keyint_min"],
    ...[`${keyEvery}`, "-sc_threshold", "0", "-x264-params", "b-adapt=0:b-pyramid=normal", "-c:a", "aac", file],
  ]);
}

/** Runs in the page: reads the number of each picture that is shown. */
function readNumbers(count: number): void {
  const find = (root: ParentNode): HTMLVideoElement | undefined => {
    for (const element of root.querySelectorAll("*")) {
      if (element instanceof HTMLVideoElement) return element;
      const inner = element.shadowRoot && find(element.shadowRoot);
      if (inner) return inner;
    }
    return undefined;
  };
  const video = find(document) as HTMLVideoElement;
  const pen = new OffscreenCanvas(count * 32, 32).getContext("2d", {
    willReadFrequently: true,
  }) as OffscreenCanvasRenderingContext2D;
  window.shown = [];
  const onFrame = (_: number, { expectedDisplayTime }: { readonly expectedDisplayTime: number }): void => {
    pen.drawImage(video, 0, 0, count * 32, 32, 0, 0, count * 32, 32);
    const { data } = pen.getImageData(0, 16, count * 32, 1);
    const n = Array.from({ length: count }, (__, i) => ((data[(i * 32 + 16) * 4] ?? 0) > 128 ? 2 ** i : 0));
    window.shown.push({ n: n.reduce((sum, one) => sum + one, 0), atMs: performance.timeOrigin + expectedDisplayTime });
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
}

/** Runs in the page: unmutes the player, and notes when a click is played. */
async function listen(): Promise<void> {
  const find = (root: ParentNode): Element | undefined => {
    for (const element of root.querySelectorAll("*")) {
      if (element.localName === "dw-player") return element;
      const inner = element.shadowRoot && find(element.shadowRoot);
      if (inner) return inner;
    }
    return undefined;
  };
  const player = find(document) as HTMLElement & { muted: boolean };
  player.muted = false;
  window.heard = [];
  const video = player.shadowRoot?.querySelector("video") as HTMLVideoElement;
  const trackOf = () => (video.srcObject as MediaStream | null)?.getAudioTracks()[0];
  while (!trackOf()) await new Promise((resolve) => setTimeout(resolve, 100));
  // The page's policy lets no worklet in; this kind of node needs none.
  const sound = new AudioContext();
  const onset = sound.createScriptProcessor(256, 1, 1);
  let silent = 0;
  onset.onaudioprocess = ({ inputBuffer, playbackTime }) => {
    const { contextTime = 0, performanceTime = 0 } = sound.getOutputTimestamp();
    for (const [i, sample] of inputBuffer.getChannelData(0).entries()) {
      const isLoud = Math.abs(sample) > 0.1;
      const atS = playbackTime + i / sound.sampleRate;
      if (isLoud && silent > sound.sampleRate / 2)
        window.heard.push(performance.timeOrigin + performanceTime + (atS - contextTime) * 1000);
      silent = isLoud ? 0 : silent + 1;
    }
  };
  sound
    .createMediaStreamSource(new MediaStream([trackOf() as MediaStreamTrack]))
    .connect(onset)
    .connect(sound.destination);
  await sound.resume();
}

/** CPU seconds of the hub and of its children that are no browser and no camera. */
function hubCpuS(): number {
  const { user, system } = process.cpuUsage();
  const children = readdirSync("/proc").flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/\(.*\)/, "x")
        .split(" ");
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (Number(stat[3]) !== process.pid || !/workers|engine/.test(command)) return [];
      return [(Number(stat[13]) + Number(stat[14])) / 100];
    } catch {
      return [];
    }
  });
  return (user + system) / 1e6 + children.reduce((sum, one) => sum + one, 0);
}

interface Measured {
  /** From a key picture's coming to the hub until it is on the screen. */
  readonly delayMs: number;
  /** Pictures that the page did not see. */
  readonly unseen: number;
  /** Cores that the hub took. */
  readonly cpu: number;
  readonly firstMs: number;
  readonly pages: readonly Page[];
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (values: readonly number[]) => values.toSorted((one, other) => one - other)[values.length >> 1] ?? NaN;

describe("B-frames of GStreamer's RTSP server in Chromium", () => {
  const held = new AsyncDisposableStack();
  let rig: HubRig;
  let context: BrowserContext;

  before(async () => {
    const folder = held.use(await temporaryFolder());
    const film = join(folder.path, "film.mp4");
    makeFilm(film);
    const server = held.use(
      await startGstServer({
        launch: `( filesrc location=${film} ! qtdemux name=d d.video_0 ! queue ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 d.audio_0 ! queue ! aacparse ! rtpmp4gpay name=pay1 pt=97 )`,
      }),
    );
    rig = held.use(await startRig(`devices:\n  cam: { address: "${server.address}", warm: true }\n`));
    ({ context } = held.use(await openBrowser({ profileDir: join(folder.path, "profile") })));
    await until("the camera", async () => rig.running.hub.devices.get("cam")?.state.phase === "live");
  });
  after(() => held.disposeAsync());

  /** Opens so many pages, and measures. */
  async function measure(count: number): Promise<Measured> {
    const arrived = new Map<number, number>();
    const pages: Page[] = [];
    const begunMs = Date.now();
    for (let n = 0; n < count; n++) pages.push(await rig.openPage(context, "#/camera/cam"));
    await Promise.all(pages.map((page) => page.waitForSelector("dw-player [data-tone=live]")));
    const firstMs = Date.now() - begunMs;
    // Of pages that lie behind another, browsers draw little: what is shown is read off the one in front.
    const front = pages.at(-1);
    assert.ok(front);
    await front.bringToFront();
    await front.evaluate(readNumbers, blocks);
    await sleep(1500);
    using reader = rig.running.hub.devices.get("cam")?.track("video")?.read({ start: "live" });
    const cpuS = hubCpuS();
    const fromMs = performance.now();
    let key = -1;
    const firstKey = await front.evaluate(() => window.shown.at(-1)?.n ?? 0);
    while (performance.now() - fromMs < measureMs) {
      const frame = await reader?.next(AbortSignal.timeout(5000));
      if (!frame?.key) continue;
      key = key < 0 ? (Math.floor(firstKey / keyEvery) + 1) * keyEvery : key + keyEvery;
      arrived.set(key, Date.now());
    }
    const cpu = (hubCpuS() - cpuS) / ((performance.now() - fromMs) / 1000);
    await sleep(1500);
    const delays: number[] = [];
    const shown = await front.evaluate(() => window.shown);
    const numbers = shown.slice(10).map(({ n }) => n);
    const back = numbers.filter((n, index) => index > 0 && n < (numbers[index - 1] ?? 0));
    assert.deepEqual(back, [], "no picture is shown before one that comes before it");
    const lost = (numbers.at(-1) ?? 0) - (numbers[0] ?? 0) + 1 - new Set(numbers).size;
    assert.ok(lost <= numbers.length / 5, `${lost} of ${numbers.length} were not seen by the page, which is busy`);
    const unseen = lost;
    for (const { n, atMs } of shown) {
      const at = arrived.get(n);
      if (at !== undefined) delays.push(atMs - at);
    }
    return { delayMs: median(delays), unseen, cpu, firstMs, pages };
  }

  const close = (pages: readonly Page[]) => Promise.all(pages.map((page) => page.close()));

  it("decoded by the browser, and converted by the hub", { timeout: 110_000 }, async (t) => {
    const decoded = await measure(viewers);
    const sockets = rig.running.hub.pictures.list();
    assert.deepEqual(sockets, [], "nothing is converted");
    const page = decoded.pages.at(-1);
    assert.ok(page);
    await page.evaluate(listen);
    await page.evaluate(readNumbers, blocks);
    await sleep(9000);
    const { apart, flashes } = await page.evaluate((every) => {
      const white = window.shown.filter(({ n }) => n % every === 0).map(({ atMs }) => atMs);
      const nearest = window.heard.map(
        (click) => white.map((at) => click - at).toSorted((one, other) => Math.abs(one) - Math.abs(other))[0] ?? NaN,
      );
      return { apart: nearest, flashes: white.length };
    }, keyEvery);
    await close(decoded.pages);
    await context.addInitScript(() => {
      Reflect.deleteProperty(globalThis, "VideoDecoder");
    });
    const converted = await measure(viewers);
    assert.equal(rig.running.hub.pictures.list()[0]?.viewers, viewers, "one conversion for all of them");
    await close(converted.pages);
    const say = ({ delayMs, cpu, firstMs, unseen }: Measured) =>
      `key picture at the hub to screen ${Math.round(delayMs)} ms, hub ${(cpu * 100).toFixed(1)} % of a core, ${viewers} pages live after ${firstMs} ms, ${unseen} pictures not seen`;
    t.diagnostic(`decoded:   ${say(decoded)}`);
    t.diagnostic(`converted: ${say(converted)}`);
    t.diagnostic(`sound after picture, ms: ${apart.map((ms) => Math.round(ms)).join(", ")} (${flashes} flashes)`);
    const last = apart.slice(-2);
    assert.ok(last.length === 2 && last.every((ms) => Math.abs(ms) <= 100), `in step: ${last}`);
    assert.ok(decoded.cpu < converted.cpu, "decoding in the browser costs the hub less");
  });
});
