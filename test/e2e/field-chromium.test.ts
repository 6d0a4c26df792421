import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import type { FakeVideo } from "../../src/drivers/rtsp/fake-media.ts";
import { ffmpeg } from "../ffmpeg.ts";
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

const cameras: Readonly<Record<string, () => FakeVideo>> = {
  // One key picture at the start and then none for longer than this takes.
  refresh: () => video(3000, "intra-refresh=1:keyint=25:bframes=0"),
  "refresh-sliced": () => video(3000, "intra-refresh=1:keyint=50:bframes=0:slices=4"),
  "b-frames": () => video(100, "keyint=25:bframes=3:b-adapt=0"),
  "b-pyramid": () => video(100, "keyint=25:bframes=3:b-adapt=0:b-pyramid=normal"),
  plain: () => video(100, "keyint=25:bframes=0"),
};

describe("what Chromium makes of a camera", () => {
  const held = new AsyncDisposableStack();
  let rig: HubRig;
  let open: (camera: string) => Promise<Page>;

  before(async () => {
    const lines: string[] = [];
    for (const [name, make] of Object.entries(cameras)) {
      const fake = held.use(await startFakeRtsp({ video: make() }));
      lines.push(`  ${name}: "${fake.address}"`);
    }
    rig = held.use(await startRig(`devices:\n${lines.join("\n")}\n`));
    const folder = held.use(await temporaryFolder());
    const browser = held.use(await openBrowser({ profileDir: join(folder.path, "profile") }));
    open = (camera) => rig.openPage(browser.context, `#/camera/${camera}`);
  });
  after(() => held.disposeAsync());

  const saysOf = (page: Page) => page.locator("dw-player .why p, dw-player .state").allInnerTexts();
  const frames = async (page: Page) => (await pictures(page))[0]?.frames ?? 0;

  it("plain: it is live, and nothing more is said", { timeout: 60_000 }, async () => {
    await using page = closing(await open("plain"));
    await until("50 pictures", async () => (await frames(page)) > 50);
    assert.deepEqual(await saysOf(page), ["Live"]);
  });

  for (const camera of ["refresh", "refresh-sliced"]) {
    it(`${camera}: is shown moving, or the page says why not`, { timeout: 60_000 }, async (t) => {
      await using page = closing(await open(camera));
      const how = await until("pictures or a word", async () => {
        if ((await frames(page)) > 50) return "shown";
        return (await saysOf(page)).includes("No whole pictures") && "told";
      });
      t.diagnostic(`${camera}: ${how}`);
      const device = rig.running.hub.devices.get(camera);
      assert.equal(device?.state.phase, "live", "the hub has it");
      assert.ok(device?.info().quirks?.some(({ code }) => code === "no-key-pictures"));
      if (how === "told")
        assert.match((await page.locator("dw-player .detail").innerText()) ?? "", /key frame interval/);
    });
  }

  for (const camera of ["b-frames", "b-pyramid"]) {
    it(`${camera}: the page says on the picture what to change`, { timeout: 60_000 }, async () => {
      await using page = closing(await open(camera));
      await until("it is told", async () => (await saysOf(page)).includes("Browsers can't show its B-frames"));
      assert.match(await page.locator("dw-player .detail").innerText(), /switch B-frames off in the camera/);
    });
  }
});

/** The page, closed when its test is over. */
function closing(page: Page): Page & AsyncDisposable {
  return Object.assign(page, { [Symbol.asyncDispose]: () => page.close() });
}
