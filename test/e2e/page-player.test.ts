import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import type { PageMessage, TalkMessage } from "../../web/src/api.ts";
import { buildPage, openBrowser, temporaryFolder } from "./page-browser.ts";
import { audioTrack, camera, videoTrack } from "./page-devices.ts";
import { type PageServer, startPageServer } from "./page-server.ts";
import { type PageVideo, startPageVideo } from "./page-video.ts";

// Runs alone: measures how soon a press is answered.

/** What a test here has: the page in Chromium, the scripted hub, real video. */
interface Stage {
  readonly page: Page;
  readonly server: PageServer;
  readonly video: PageVideo;
}

const suite = new AsyncDisposableStack();
let stage: Stage;
/** What the scripted hub answers to a wish to talk. */
let onTake: (take: Extract<PageMessage, { type: "talk-take" }>) => Partial<TalkMessage> = () => ({
  state: "granted",
  hearing: [],
});

before(async () => {
  const dist = suite.use(await temporaryFolder());
  const profile = suite.use(await temporaryFolder());
  await buildPage(dist.path);
  const video = suite.use(await startPageVideo({ cameras: 1, widthPx: 320 }));
  const server = suite.use(
    await startPageServer({
      pageDir: dist.path,
      devices: [camera("front-door")],
      view: (id, offer) => video.view(id, offer),
      onMessage: (message, tell) => {
        if (message.type === "talk-take") tell({ type: "talk", turn: message.turn, ...onTake(message) } as TalkMessage);
      },
    }),
  );
  const browser = suite.use(await openBrowser({ profileDir: profile.path }));
  const page = await browser.context.newPage();
  page.setDefaultTimeout(10_000);
  await page.addInitScript(() => {
    const scope = window as unknown as { offers: number };
    scope.offers = 0;
    const { createOffer, setLocalDescription } = RTCPeerConnection.prototype;
    const counted = <F extends (...args: never[]) => unknown>(method: F) =>
      function (this: RTCPeerConnection, ...args: Parameters<F>) {
        scope.offers++;
        return method.apply(this, args);
      };
    Object.assign(RTCPeerConnection.prototype, {
      createOffer: counted(createOffer),
      setLocalDescription: counted(setLocalDescription),
    });
  });
  // A look by the test counts as a touch: the page is left alone until all of it has run.
  await page.goto(`${server.url}/#/camera/front-door`, { waitUntil: "networkidle" });
  stage = { page, server, video };
  await said("Live");
});

after(() => suite.disposeAsync());

/** Waits until the player says so. */
async function said(text: string): Promise<void> {
  await stage.page.locator("dw-player .state, dw-player .why p").getByText(text).first().waitFor({ timeout: 15_000 });
}

/** Waits until the talk bar says so. */
async function barSays(text: string): Promise<void> {
  await stage.page.locator("dw-talk .words span").getByText(text).waitFor();
}

function offers(): Promise<number> {
  return stage.page.evaluate(() => (window as unknown as { offers: number }).offers);
}

/** What an offer asks for, as "video recvonly". */
function askedFor(offer: string | undefined): string[] {
  const media = (offer ?? "").split(/^m=/m).slice(1);
  return media.map((section) => `${section.split(" ")[0]} ${/^a=(sendrecv|recvonly|sendonly)/m.exec(section)?.[1]}`);
}

test("sound is asked for when it is switched on, and the picture stands meanwhile", { timeout: 30_000 }, async () => {
  const { page, server } = stage;
  assert.deepEqual(askedFor(server.offers[0]), ["video recvonly"], "nobody listens to a muted picture");
  const words = await page.evaluateHandle(() => {
    const said: string[] = [];
    document.addEventListener("dw-state", (event) => said.push((event as CustomEvent<{ text: string }>).detail.text));
    return said;
  });
  await page.getByRole("button", { name: "Sound off" }).click();
  while (server.offers.length < 2) await page.waitForTimeout(20);
  assert.deepEqual(askedFor(server.offers[1]), ["video recvonly", "audio recvonly"]);
  await page.getByRole("button", { name: "Sound on" }).click();
  await said("Live");
  assert.deepEqual(await words.jsonValue(), []);
  assert.equal(server.offers.length, 2, "to mute it again needs no new session");
});

test("pictures are decoded, and the numbers tell of them", { timeout: 30_000 }, async () => {
  const { page, server } = stage;
  await page.getByRole("button", { name: "Numbers" }).click();
  const numbers = page.locator("dw-player .numbers");
  await numbers.getByText("320 × 180").waitFor();
  await numbers.getByText(/2[0-9] a second/).waitFor();
  await numbers.getByText("Delay from the hub").waitFor();
  server.change("front-door", { tracks: [{ ...videoTrack, delay: { by: "camera-clock", ms: 70_000 } }] });
  await numbers.getByText("Delay from the camera, by its clock").waitFor();
  await numbers.getByText(/about 70\d\d\d ms/).waitFor();
  server.change("front-door", {
    tracks: [{ ...videoTrack, delay: { by: "wrong-clock", offByMs: 184_000, overBestMs: 5 } }],
  });
  await numbers.getByText("It is 3 min behind").waitFor();
  await numbers.getByText("Delay from the hub").waitFor();
  server.change("front-door", { tracks: [videoTrack, audioTrack] });
  await page.getByRole("button", { name: "Numbers" }).click();
});

test("a hundred presses are granted, heard, and make no offer: the page was connected before the first", {
  timeout: 30_000,
}, async () => {
  const { page, server, video } = stage;
  const before = await offers();
  const heard = video.nextSound();
  for (let press = 0; press < 100; press++) {
    await page.keyboard.down(" ");
    await barSays("Speak now");
    if (press === 0) await heard;
    await page.keyboard.up(" ");
    await barSays("Hold to talk");
  }
  assert.equal(await offers(), before);
  assert.equal(server.received.filter(({ type }) => type === "talk-take").length, 100);
  assert.ok(video.heard.length > 0);
});

test("a press answers within 100 ms", { timeout: 30_000 }, async () => {
  const { page } = stage;
  await page.evaluate(() => {
    const bar = document
      .querySelector("dw-app")
      ?.shadowRoot?.querySelector("dw-camera")
      ?.shadowRoot?.querySelector("dw-talk");
    const scope = window as unknown as { tookMs: Promise<number> };
    scope.tookMs = new Promise((resolve) => {
      let pressedMs = 0;
      window.addEventListener("keydown", () => (pressedMs = performance.now()), { capture: true, once: true });
      bar?.addEventListener("dw-talking", () => requestAnimationFrame(() => resolve(performance.now() - pressedMs)), {
        once: true,
      });
    });
  });
  await page.keyboard.down(" ");
  const tookMs = await page.evaluate(() => (window as unknown as { tookMs: Promise<number> }).tookMs);
  await page.keyboard.up(" ");
  assert.ok(tookMs < 100, `${tookMs.toFixed(0)} ms`);
});

test("while one talks, a camera that hears its own speaker is turned down", { timeout: 30_000 }, async () => {
  const { page } = stage;
  const volume = () => page.locator("dw-player video").evaluate((video: HTMLVideoElement) => video.volume);
  await page.keyboard.down(" ");
  await barSays("Speak now");
  assert.ok((await volume()) < 0.2);
  await page.keyboard.up(" ");
  await barSays("Hold to talk");
  assert.equal(await volume(), 1);
});

test("who holds the speaker is told, and holding on waits for the turn", { timeout: 30_000 }, async () => {
  const { page, server } = stage;
  const holder = { turnId: "b", name: "Ben", priority: 0, sinceMs: 0 } as const;
  onTake = () => ({ state: "queued", position: 1, holder });
  await page.keyboard.down(" ");
  await barSays("Ben is speaking");
  await barSays("you are next");
  const { turn } = server.received.findLast((message) => message.type === "talk-take") as { readonly turn: number };
  server.tell({ type: "talk", turn, state: "granted", hearing: [] });
  await barSays("Speak now");
  await page.keyboard.up(" ");
  onTake = () => ({ state: "refused", reason: "do-not-disturb" });
  await page.keyboard.down(" ");
  await barSays("only an emergency gets through");
  await page.keyboard.up(" ");
  onTake = () => ({ state: "granted", hearing: [] });
});

test("a picture that stands still says so, and goes on by itself", { timeout: 30_000 }, async () => {
  stage.video.stall(true);
  await said("No picture for");
  const veiled = await stage.page.locator("dw-player video").evaluate((video) => getComputedStyle(video).filter);
  assert.match(veiled, /grayscale/);
  stage.video.stall(false);
  await said("Live");
});

test("a session that dies is replaced within 2 s", { timeout: 30_000 }, async () => {
  const { page, server, video } = stage;
  await page.evaluate(() => {
    const player = document
      .querySelector("dw-app")
      ?.shadowRoot?.querySelector("dw-camera")
      ?.shadowRoot?.querySelector("dw-player");
    const element = player?.shadowRoot?.querySelector("video");
    const scope = window as unknown as { worstGapMs: number };
    scope.worstGapMs = 0;
    let last = performance.now();
    const look = () => {
      scope.worstGapMs = Math.max(scope.worstGapMs, performance.now() - last);
      last = performance.now();
      element?.requestVideoFrameCallback(look);
    };
    element?.requestVideoFrameCallback(look);
  });
  const before = await offers();
  server.viewings.clear();
  video.crash();
  await page.waitForFunction((count) => (window as unknown as { offers: number }).offers > count, before);
  await said("Live");
  const worst = await page.evaluate(() => (window as unknown as { worstGapMs: number }).worstGapMs);
  assert.ok(worst > 200, "the crash was seen");
  assert.ok(worst < 2000, `${worst.toFixed(0)} ms without a picture`);
});

test("a sound that cannot be played is named on the picture", { timeout: 30_000 }, async () => {
  const { page, server } = stage;
  const quirks = [{ code: "unplayable-sound", sentence: "sends its sound so", detail: "G729" }];
  server.change("front-door", { quirks });
  await page.locator("dw-player .missing").getByText("No sound: G729 can't be played").waitFor();
  await said("Live");
  server.change("front-door", { quirks: [] });
  await page.locator("dw-player .missing").waitFor({ state: "detached" });
});

test("a picture that this browser cannot show does not keep one from talking", { timeout: 30_000 }, async () => {
  const { page, server } = stage;
  // The hub is asked for it all the same: it converts what a browser cannot show.
  server.change("front-door", { tracks: [{ ...videoTrack, codec: "h265" }] });
  await page.keyboard.down(" ");
  await barSays("Speak now");
  await page.keyboard.up(" ");
});
