import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { BrowserContext, Page } from "playwright-core";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import type { FakeVideo } from "../../src/drivers/rtsp/fake-media.ts";
import { transcodeConfig } from "../../src/hub/transcode-config.ts";
import { ffmpeg, makeClip, makeJpegs } from "../ffmpeg.ts";
import { startFfmpegCamera } from "../peers/ffmpeg-camera.ts";
import { clipOf } from "../rtsp.ts";
import { type HubRig, pictures, startRig, until } from "./hub-rig.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";

const frameRate = 25;

/** A moving test picture, coded by libx264 with these settings of its own. */
function video(frames: number, params: string): FakeVideo {
  const annexB = ffmpeg([
    ...[
      "-f",
      "lavfi",
      "-i",
      `testsrc2=size=320x240:rate=${frameRate}`,
      "-frames:v",
      `${frames}`,
      "-pix_fmt",
      "yuv420p",
    ],
    ...["-c:v", "libx264", "-preset", "veryfast", "-x264-params", params, "-f", "h264", "-"],
  ]);
  return { ...clipOf("h264", [annexB]), frameRate };
}

const h265 = () => ({ ...clipOf("h265", [makeClip({ codec: "h265", keyInterval: 25, frames: 100 })]), frameRate });

const cameras: Readonly<Record<string, () => FakeVideo>> = {
  // One key picture at the start and then none for longer than this takes.
  refresh: () => video(3000, "intra-refresh=1:keyint=25:bframes=0"),
  "b-frames": () => video(100, "keyint=25:bframes=3:b-adapt=0"),
  "b-pyramid": () => video(100, "keyint=25:bframes=3:b-adapt=0:b-pyramid=normal"),
  h265,
  "other-h265": h265,
  mjpeg: () => ({ codec: "mjpeg", accessUnits: makeJpegs({ frames: 50 }), frameRate }),
  plain: () => video(100, "keyint=25:bframes=0"),
};

/** Cameras whose picture WebRTC does not show as it is, and what the page says of it. */
const odd: Readonly<Record<string, string>> = {
  h265: "Converted by the hub: this browser cannot show H.265.",
  mjpeg: "Decoded by this browser: WebRTC brings no MJPEG to it.",
  "b-frames": "Decoded by this browser: WebRTC does not show B-frames.",
  "b-pyramid": "Decoded by this browser: WebRTC does not show B-frames.",
  refresh: "Converted by the hub: the camera sends no whole pictures.",
  "raw-b-frames": "Decoded by this browser: WebRTC does not show B-frames.",
};

/** Debian's ffmpeg as a camera, which serves what libx264 made with these settings. */
async function ffmpegCamera(held: AsyncDisposableStack, params: string): Promise<string> {
  const { path } = held.use(await temporaryFolder());
  const file = join(path, "clip.h264");
  await writeFile(file, Buffer.concat(video(600, params).accessUnits));
  const camera = held.use(await startFfmpegCamera({ file, muxer: "h264", readRate: 1 }));
  return camera.address;
}

describe("what Chromium makes of a camera", () => {
  const held = new AsyncDisposableStack();
  let rig: HubRig;
  let context: BrowserContext;
  let open: (camera: string) => Promise<Page>;

  before(async () => {
    const lines: string[] = [];
    for (const [name, make] of Object.entries(cameras)) {
      const fake = held.use(await startFakeRtsp({ video: make() }));
      lines.push(`  ${name}: "${fake.address}"`);
    }
    lines.push(`  raw-b-frames: "${await ffmpegCamera(held, "keyint=25:bframes=3:b-adapt=0")}"`);
    rig = held.use(await startRig(`devices:\n${lines.join("\n")}\n`));
    const folder = held.use(await temporaryFolder());
    const browser = held.use(await openBrowser({ profileDir: join(folder.path, "profile") }));
    ({ context } = browser);
    open = (camera) => rig.openPage(context, `#/camera/${camera}`);
  });
  after(() => held.disposeAsync());

  const saysOf = (page: Page) => page.locator("dw-player .why p, dw-player .state").allInnerTexts();
  const frames = async (page: Page) => (await pictures(page))[0]?.frames ?? 0;

  it("plain: it is live, and nothing more is said", { timeout: 60_000 }, async () => {
    await using page = closing(await open("plain"));
    await until("50 pictures", async () => (await frames(page)) > 50);
    assert.deepEqual(await saysOf(page), ["Live"]);
  });

  for (const [camera, why] of Object.entries(odd)) {
    it(`${camera}: it moves, and the page says by which way and why`, { timeout: 60_000 }, async (t) => {
      const begunMs = performance.now();
      await using page = closing(await open(camera));
      await until("the first pictures", async () => (await frames(page)) > 2);
      t.diagnostic(`${camera}: moves after ${Math.round(performance.now() - begunMs)} ms`);
      await until("30 pictures", async () => (await frames(page)) > 30);
      // What the hub says of the device comes by another way than the pictures.
      await until("it is live", async () => (await saysOf(page)).join() === "Live");
      await page.getByRole("button", { name: "Numbers" }).click();
      assert.ok((await page.locator("dw-player .numbers").innerText()).includes(why));
    });
  }

  it("three who look share one conversion; beyond what is set there are single pictures, until there is room", {
    timeout: 60_000,
  }, async () => {
    const { pictures: shown } = rig.running.hub;
    shown.follow(transcodeConfig.parse({ max: 1 }));
    await using page = closing(await open("h265"));
    await using second = closing(await open("h265"));
    await using third = closing(await open("h265"));
    for (const one of [page, second, third]) await until("it moves", async () => (await frames(one)) > 5);
    const shared = shown.list().filter(({ source }) => source.startsWith("h265/"));
    assert.deepEqual(
      shared.map(({ viewers }) => viewers),
      [3],
    );
    await using left = closing(await open("other-h265"));
    const still = left.locator("dw-player img");
    await still.waitFor();
    assert.match(
      await left.locator("dw-player .missing").innerText(),
      /This browser cannot show H\.265\. The hub converts as many/,
    );
    const first = await still.getAttribute("src");
    await until("the next picture", async () => (await still.getAttribute("src")) !== first);
    for (const one of [page, second, third]) await one.close();
    await until("the conversion ends or makes room", async () => shown.list().every(({ viewers }) => viewers === 0));
    await left.reload();
    await until("it moves", async () => (await frames(left)) > 5);
    shown.follow(transcodeConfig.parse({}));
  });

  it("a browser whose decoder fails is shown the converted picture; one without tracks of its own draws", {
    timeout: 60_000,
  }, async () => {
    await context.addInitScript(() => {
      Reflect.deleteProperty(globalThis, "MediaStreamTrackGenerator");
      VideoDecoder.prototype.decode = () => {
        throw new Error("it is broken");
      };
    });
    for (const [camera, says] of [
      ["b-pyramid", "Converted by the hub: this browser failed to decode H.264."],
      ["mjpeg", "Decoded by this browser: WebRTC brings no MJPEG to it."],
    ] as const) {
      await using page = closing(await open(camera));
      await until("it moves", async () => (await frames(page)) > 10);
      await page.getByRole("button", { name: "Numbers" }).click();
      assert.ok((await page.locator("dw-player .numbers").innerText()).includes(says));
    }
  });
});

/** The page, closed when its test is over. */
function closing(page: Page): Page & AsyncDisposable {
  return Object.assign(page, { [Symbol.asyncDispose]: () => page.close() });
}
