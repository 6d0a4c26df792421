// What bench/use.ts looks at: a whole hub, GStreamer's cameras and Chromium, each in processes of their own.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { type GstServer, startGstServer } from "../test/peers/gst.ts";
import { openBrowser } from "./browser.ts";
import { type BenchHub, startHub, temporaryFolder } from "./hub.ts";

const picture = "videotestsrc is-live=true ! video/x-raw,width=640,height=360,framerate=10/1";
const h264 = `${picture} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=20 ! rtph264pay name=pay0 pt=96`;
const h265 = `${picture} ! x265enc tune=zerolatency speed-preset=ultrafast key-int-max=20 ! rtph265pay name=pay0 pt=96`;
const sound = "audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8";
const backchannel =
  '( capsfilter caps="application/x-rtp, media=audio, payload=0, clock-rate=8000, encoding-name=PCMU" name=depay_backchannel ! rtppcmudepay ! fakesink )';

/** The house as the bench uses it. */
export interface UseHouse extends AsyncDisposable {
  readonly hub: BenchHub;
  readonly context: BrowserContext;
  /** The front door's camera alone, which can be spoken through, may hang and may vanish. */
  readonly front: GstServer;
  /** The one-time code of the set-up. */
  code(): Promise<string>;
  /** A page of the hub's, 1920 by 1080. */
  open(path: string): Promise<Page>;
  /** The front door and as many others, which send one and the same picture; `h265`: one that sends that besides. */
  furnish(others: number, how?: { readonly h265?: boolean }): Promise<void>;
  /** Ends the hub and starts it again at the same address. */
  restartHub(): Promise<void>;
  /** Switches the front door's camera off, and on again at the same address. */
  frontOff(): Promise<void>;
  frontOn(): Promise<void>;
}

/** Opens it, not set up yet, with five cameras. */
export async function openUseHouse(): Promise<UseHouse> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder()).path;
  const profile = opened.use(await temporaryFolder()).path;
  const launch = `( ${h264} ${sound} )`;
  // A picture that goes through a thin line: beside it there is room for a voice.
  const thin = launch.replace("videotestsrc", "videotestsrc pattern=ball");
  let front = await startGstServer({ launch: thin, backchannel, protocols: ["tcp"] });
  opened.defer(() => front[Symbol.asyncDispose]());
  const paths = { "/view": launch, "/new": `( ${h265} )` };
  const shared = opened.use(await startGstServer({ launch, paths, protocols: ["tcp"] }));
  const at = (path: string) => shared.address.replace("/cam", path);
  const devicesOf = (others: number, { h265 = false } = {}) => ({
    front: { name: "Front door", address: front.address },
    ...Object.fromEntries(Array.from({ length: others }, (_, n) => [`cam-${n + 1}`, at("/view")])),
    ...(h265 && { new: at("/new") }),
  });
  let hub = await startHub({ folder, devices: devicesOf(4), signIn: false });
  opened.defer(() => hub[Symbol.asyncDispose]());
  const size = { width: 1920, height: 1080 };
  const { context } = opened.use(await openBrowser({ profileDir: profile, size }));
  const owned = opened.move();
  return {
    get hub() {
      return hub;
    },
    get front() {
      return front;
    },
    context,
    code: async () => (await readFile(join(folder, "data", "setup-code"), "utf8")).trim(),
    open: async (path) => {
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      await page.goto(new URL(path, hub.url).href);
      return page;
    },
    furnish: async (others, how) => {
      const file = join(folder, "doorward.yaml");
      const config = JSON.parse(await readFile(file, "utf8")) as object;
      await writeFile(file, JSON.stringify({ ...config, devices: devicesOf(others, how) }));
    },
    restartHub: async () => {
      const httpPort = Number(new URL(hub.url).port);
      await hub[Symbol.asyncDispose]();
      hub = await startHub({ folder, devices: devicesOf(4), signIn: false, httpPort });
    },
    frontOff: async () => {
      await front[Symbol.asyncDispose]();
    },
    frontOn: async () => {
      const port = Number(new URL(front.address).port);
      front = await startGstServer({ launch: thin, backchannel, protocols: ["tcp"], port });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
