import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { childrenOf, cpuSeconds, pssMb } from "../../bench/process-figures.ts";
import { type HubProcess, startHubProcess } from "../e2e/hub-process.ts";
import { openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { ffmpeg } from "../ffmpeg.ts";
import { type GstServer, startGstServer } from "../peers/gst.ts";

// Runs alone: compares CPU and memory, and looks for freezes.

const cameras = 16;
const rate = 15;

/** A clip of one second that GStreamer plays in a loop, as each client of `path` asks. */
function loop(folder: string, size: string, bitrate: string): string {
  const file = join(folder, `${size}.h264`);
  const source = ["-f", "lavfi", "-i", `testsrc2=size=${size}:rate=${rate}`, "-frames:v", `${rate}`];
  const coding = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", `${rate}`];
  const bits = ["-b:v", bitrate, "-maxrate", bitrate, "-bufsize", bitrate, "-threads", "2"];
  writeFileSync(file, ffmpeg([...source, "-pix_fmt", "yuv420p", ...coding, ...bits, "-f", "h264", "-"]));
  const caps = `video/x-h264,framerate=${rate}/1,stream-format=byte-stream`;
  return `( multifilesrc location=${file} loop=true caps=${caps} ! h264parse config-interval=1 ! rtph264pay name=pay0 pt=96 )`;
}

/** Cameras of GStreamer, each with a 4K picture at /<n>/stream1 and a small one at /<n>/stream2. */
async function startCameras(folder: string, count: number): Promise<GstServer> {
  const [large, small] = [loop(folder, "3840x2160", "8M"), loop(folder, "640x360", "500k")];
  const paths = Array.from({ length: count }, (_, n) => [
    [`/${n}/stream1`, large],
    [`/${n}/stream2`, small],
  ]).flat() as [string, string][];
  return await startGstServer({ launch: small, paths: Object.fromEntries(paths) });
}

const addressOf = (gst: GstServer, path: string) => gst.address.replace(/\/cam$/, path);

/** A page that is signed in at the hub. */
async function openPage(hub: HubProcess, profileDir: string) {
  const browser = await openBrowser({ profileDir, size: { width: 1600, height: 1000 } });
  const [name = "", value = ""] = hub.cookie.split("=");
  await browser.context.addCookies([{ name, value, url: hub.url }]);
  const page = await browser.context.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(hub.url);
  return { page, [Symbol.asyncDispose]: () => browser[Symbol.asyncDispose]() };
}

/** Widths of the pictures of all players on the page. */
const widths = (page: Page, within: string) =>
  page.evaluate((host) => {
    const found: number[] = [];
    const look = (root: ParentNode) => {
      for (const one of root.querySelectorAll("*")) {
        if (one instanceof HTMLVideoElement) found.push(one.videoWidth);
        if (one.shadowRoot) look(one.shadowRoot);
      }
    };
    const begin = document.querySelector("dw-app")?.shadowRoot?.querySelector(host)?.shadowRoot;
    if (begin) look(begin);
    return found;
  }, within);

/** Fails after 40 s with what there is. */
async function untilWidths(page: Page, within: string, wanted: readonly number[]): Promise<void> {
  let now: readonly number[] = [];
  for (let n = 0; n < 400; n++) {
    now = await widths(page, within);
    if (now.join() === wanted.join()) return;
    await page.waitForTimeout(100);
  }
  assert.fail(`the pictures are ${now.join()} wide in ${within}`);
}

describe("a camera of GStreamer with two pictures", () => {
  it("is opened small on the wall, large on its own page, and small again", { timeout: 110_000 }, async (t) => {
    await using held = new AsyncDisposableStack();
    const folder = held.use(await temporaryFolder()).path;
    const gst = held.use(await startCameras(folder, 1));
    const config = `devices:\n  yard: ${addressOf(gst, "/0/stream1")}\n`;
    const hub = held.use(await startHubProcess({ folder, config }));
    const { page } = held.use(await openPage(hub, join(folder, "profile")));
    await page.setViewportSize({ width: 760, height: 700 });
    await untilWidths(page, "dw-wall", [640]);
    t.diagnostic(`opened by the wall: ${gst.opened.join()}`);
    await page.evaluate(() => {
      location.hash = "#/camera/yard";
    });
    await page.setViewportSize({ width: 1800, height: 1100 });
    const beganMs = performance.now();
    await untilWidths(page, "dw-camera", [3840]);
    t.diagnostic(`large ${Math.round(performance.now() - beganMs)} ms after its page was opened`);
    await page.evaluate(() => {
      location.hash = "#/";
    });
    await page.setViewportSize({ width: 760, height: 700 });
    await untilWidths(page, "dw-wall", [640]);
  });
});

interface Load {
  readonly hubCpu: number;
  readonly browserCpu: number;
  readonly browserMb: number;
}

function family(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap((child) => family(child.pid))];
}

/** CPU of the hub's and the browser's processes in shares of a core, and the browser's memory, over eight seconds. */
async function measure(hub: HubProcess): Promise<Load> {
  const browser = childrenOf(process.pid).filter(({ command }) => command.includes("chromium"));
  const pids = { hub: family(hub.pid), browser: browser.flatMap(({ pid }) => family(pid)) };
  const cpu = (of: readonly number[]) => of.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = { hub: cpu(pids.hub), browser: cpu(pids.browser), atMs: performance.now() };
  await new Promise((resolve) => setTimeout(resolve, 8000));
  const seconds = (performance.now() - before.atMs) / 1000;
  return {
    hubCpu: (cpu(pids.hub) - before.hub) / seconds,
    browserCpu: (cpu(pids.browser) - before.browser) / seconds,
    browserMb: pids.browser.reduce((sum, pid) => sum + pssMb(pid), 0),
  };
}

/** A wall of all cameras, at the address that each has. */
async function loadOfWall(gst: GstServer, address: (n: number) => string): Promise<Load> {
  await using held = new AsyncDisposableStack();
  const folder = held.use(await temporaryFolder()).path;
  const config = `devices:\n${Array.from({ length: cameras }, (_, n) => `  cam-${n}: ${address(n)}\n`).join("")}`;
  const hub = held.use(await startHubProcess({ folder, config }));
  const { page } = held.use(await openPage(hub, join(folder, "profile")));
  await page.setViewportSize({ width: 1600, height: 2000 });
  await untilWidths(page, "dw-wall", Array(cameras).fill(640));
  await page.waitForTimeout(5000);
  const load = await measure(hub);
  assert.deepEqual(await widths(page, "dw-wall"), Array(cameras).fill(640));
  assert.ok(gst.opened.length > 0);
  return load;
}

describe("a wall of sixteen cameras", () => {
  const suite = new AsyncDisposableStack();
  let gst: GstServer;
  let small: Load | undefined;

  before(async () => {
    gst = suite.use(await startCameras(suite.use(await temporaryFolder()).path, cameras));
  });
  after(() => suite.disposeAsync());

  const shown = (load: Load) =>
    `hub ${load.hubCpu.toFixed(2)} cores, browser ${load.browserCpu.toFixed(2)} cores, ${load.browserMb.toFixed(0)} MB`;

  it("that are small", { timeout: 100_000 }, async (t) => {
    small = await loadOfWall(gst, (n) => addressOf(gst, `/${n}/stream2`));
    t.diagnostic(shown(small));
  });

  it("of 4K with small pictures is as light", { timeout: 100_000 }, async (t) => {
    const opened = gst.opened.length;
    const load = await loadOfWall(gst, (n) => addressOf(gst, `/${n}/stream1`));
    t.diagnostic(
      `${shown(load)}; ${gst.opened.slice(opened).filter((path) => path.endsWith("1")).length} of 4K opened`,
    );
    for (const kind of ["hubCpu", "browserCpu", "browserMb"] as const)
      assert.ok(load[kind] < (small?.[kind] ?? Number.POSITIVE_INFINITY) * 1.15, `${kind} against ${small?.[kind]}`);
  });
});
