import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import type { PageDevice } from "../../web/src/api.ts";
import { buildPage, openBrowser, temporaryFolder } from "./page-browser.ts";
import { camera } from "./page-devices.ts";
import { type PageServer, Refusal, startPageServer } from "./page-server.ts";
import { type PageVideo, startPageVideo } from "./page-video.ts";

const suite = new AsyncDisposableStack();
const timeout = 30_000;
const error = { code: "unreachable", message: "no route to 10.0.0.9", atMs: Date.now() };
let server: PageServer;
let page: Page;
let video: PageVideo;
/** Devices that were asked for a picture, in order. */
const asked: string[] = [];

before(async () => {
  const dist = suite.use(await temporaryFolder());
  const profile = suite.use(await temporaryFolder());
  await buildPage(dist.path);
  video = suite.use(await startPageVideo({ cameras: 1, widthPx: 320 }));
  const devices: PageDevice[] = [
    camera("front-door"),
    camera("garden", { speaker: undefined }),
    camera("yard", {
      state: { phase: "trouble", sinceMs: Date.now(), error, retryAtMs: Date.now() + 60_000 },
      tracks: [],
    }),
  ];
  server = suite.use(
    await startPageServer({
      pageDir: dist.path,
      devices,
      view: (id, offer) => {
        asked.push(id);
        if (id === "yard") throw new Refusal(503, "No picture from Yard: no route.", "no-media");
        return video.view(id, offer);
      },
    }),
  );
  const browser = suite.use(await openBrowser({ profileDir: profile.path }));
  page = await browser.context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(`${server.url}/#/wall`);
  await tile("front-door").locator(".state").getByText("Live").waitFor();
});

after(() => suite.disposeAsync());

function tile(id: string) {
  return page.locator(`dw-wall li[data-id="${id}"] dw-player`);
}

/** What there is, as soon as there is any. */
async function eventually<T>(look: () => readonly T[]): Promise<readonly T[]> {
  const untilMs = Date.now() + 5000;
  while (look().length === 0 && Date.now() < untilMs) await page.waitForTimeout(20);
  return look();
}

test("the space bar speaks through the chosen camera, or through none", { timeout }, async () => {
  await page.locator("dw-talk").getByText("Front door").first().waitFor();
  await page.keyboard.press("2");
  await page.locator("dw-talk").getByText("Garden has no speaker").first().waitFor();
  await page.keyboard.down(" ");
  await page.keyboard.up(" ");
  await page.keyboard.press("1");
  await page.keyboard.down(" ");
  const takes = await eventually(() => server.received.filter((message) => message.type === "talk-take"));
  await page.keyboard.up(" ");
  assert.deepEqual(
    takes.map(({ to }) => to),
    [["device:front-door"]],
  );
});

test("a camera in trouble is left to the hub, which is told who looks", { timeout }, async () => {
  const why = tile("yard").locator(".why");
  await why.getByText("No route to 10.0.0.9").waitFor();
  // What the hub says while it tries again and again.
  for (let turn = 0; turn < 4; turn++) {
    server.change("yard", { state: { phase: "connecting", sinceMs: Date.now(), error } });
    await why.getByText("No route to 10.0.0.9. Trying again.").waitFor();
    server.change("yard", { state: { phase: "trouble", sinceMs: Date.now(), error, retryAtMs: Date.now() + 9000 } });
    await why.getByText("Next try in").waitFor();
  }
  assert.ok(!asked.includes("yard"), "nothing was asked for it");
  const watched = server.received.flatMap((message) => (message.type === "watch" ? [message.devices] : []));
  assert.deepEqual([...(watched.at(-1) ?? [])].sort(), ["front-door", "garden", "yard"]);
});

test("a picture that the hub has lost is not called live while it stands", { timeout }, async () => {
  const state = tile("front-door").locator(".state");
  server.change("front-door", { state: { phase: "connecting", sinceMs: Date.now() } });
  await state.getByText("Waiting").waitFor();
  await page.waitForTimeout(300);
  assert.equal(await state.textContent(), "Waiting");
  server.change("front-door", { state: { phase: "live", sinceMs: Date.now() } });
  await state.getByText("Live").waitFor();
});

test("words on a white picture can be read", { timeout }, async () => {
  const contrast = await tile("front-door").evaluate((player: HTMLElement) => {
    const foot = player.shadowRoot?.querySelector<HTMLElement>(".foot");
    const word = player.shadowRoot?.querySelector<HTMLElement>(".state");
    if (!foot || !word) return 0;
    const light = ([r = 0, g = 0, b = 0]: number[]) => {
      const part = (value: number) => (value <= 10.31 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4);
      return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const numbers = (text: string) => [...text.matchAll(/[\d.]+/g)].map(([value]) => Number(value));
    const [, , , pill = 1] = numbers(getComputedStyle(word).backgroundColor);
    const shade = getComputedStyle(foot).backgroundImage;
    const least = Math.min(
      ...[...shade.matchAll(/rgba\(0, 0, 0, ([\d.]+)\)/g)].map(([, a]) => Number(a)).filter((a) => a > 0),
    );
    const behind = 255 * (1 - least) * (1 - pill);
    const text = numbers(getComputedStyle(word).color);
    return (light(text) + 0.05) / (light([behind, behind, behind]) + 0.05);
  });
  assert.ok(contrast >= 4.5, `${contrast.toFixed(1)}`);
});

test("a phone on its side shows the picture at its full height, and the way to talk", { timeout }, async () => {
  await page.setViewportSize({ width: 844, height: 390 });
  await page.goto(`${server.url}/#/camera/front-door`);
  await page.locator("dw-player .state").getByText("Live").waitFor();
  const box = await page.locator("dw-player").boundingBox();
  assert.ok(box && box.height >= 386 && box.width >= 640, JSON.stringify(box));
  const hold = await page.locator("dw-talk .hold").boundingBox();
  assert.ok(
    hold && hold.x >= box.x + box.width - 1 && hold.y + hold.height <= 390 && hold.height >= 80,
    JSON.stringify(hold),
  );
  assert.equal(await page.title(), "Front door – Doorward");
  await page.setViewportSize({ width: 1280, height: 800 });
});

test("who may not hear is not told that the sound is on", { timeout }, async () => {
  server.change("front-door", { rights: ["view"] });
  await page.getByText("You may watch this camera, not talk through it.").waitFor();
  assert.equal(await page.getByRole("button", { name: /Sound/ }).count(), 0);
  server.change("front-door", { rights: ["view", "listen", "talk", "administer"] });
});

test("whoever saves a form without a change changes nothing, and may", { timeout }, async () => {
  server.session = { ...server.session, user: { id: "u2", name: "Ben", administrator: false, grants: [] } };
  await page.goto(`${server.url}/#/edit/front-door`);
  await page.reload();
  const saved = page.waitForRequest(
    (request) => request.method() === "PATCH" && request.url().includes("/api/v1/devices/"),
  );
  await page.getByRole("button", { name: "Save" }).click();
  assert.deepEqual((await saved).postDataJSON(), {});
  server.session = { ...server.session, user: { id: "u1", name: "Anna", administrator: true, grants: [] } };
});

test("a tap on the panel shows the camera, with no way into the application", { timeout }, async () => {
  await page.goto(`${server.url}/panel`);
  await page.locator("dw-panel dw-wall li a").first().click();
  await page.locator("dw-camera dw-player .state").getByText("Live").waitFor();
  assert.equal(await page.locator("dw-app nav, dw-camera a[href*=edit]").count(), 0);
  await page.getByRole("link", { name: "Back to the wall" }).click();
  await page.locator("dw-panel dw-wall").waitFor();
  await page.goto(`${server.url}/panel#/settings`);
  await page.locator("dw-panel dw-wall").waitFor();
});

/** Whether the camera's picture stands in a window of its own, by the browser's own word. */
const inWindow = () =>
  page
    .locator("dw-camera dw-player")
    .evaluate((player) => (player.shadowRoot?.pictureInPictureElement ?? null) !== null);

test("a picture in a window of its own: opened and closed by the keyboard, and gone with its page", {
  timeout,
}, async () => {
  await page.goto(`${server.url}/#/camera/front-door`);
  await page.locator("dw-camera dw-player .state").getByText("Live").waitFor();
  const button = page.getByRole("button", { name: "Window" });
  const pressed = (state: boolean) => page.locator(`dw-camera button[aria-pressed="${state}"]`, { hasText: "Window" });
  await button.focus();
  await page.keyboard.press("Enter");
  await pressed(true).waitFor();
  assert.equal(await inWindow(), true);
  await page.keyboard.press("Enter");
  await pressed(false).waitFor();
  assert.equal(await inWindow(), false);
  await page.keyboard.press("Enter");
  await pressed(true).waitFor();
  // As the window's own cross does.
  await page.evaluate(() => document.exitPictureInPicture());
  await pressed(false).waitFor();
  await page.keyboard.press("Enter");
  await pressed(true).waitFor();
  await page.getByRole("link", { name: "Back to the wall" }).click();
  await page.locator("dw-wall li").first().waitFor();
  await page.waitForFunction(() => document.pictureInPictureElement === null);
});

test("a browser without such windows has no button for them", { timeout }, async () => {
  const other = await page.context().newPage();
  await other.addInitScript(() =>
    Object.defineProperty(Document.prototype, "pictureInPictureEnabled", { get: () => undefined }),
  );
  await other.goto(`${server.url}/#/camera/front-door`);
  await other.getByRole("button", { name: "Numbers" }).waitFor();
  assert.equal(await other.getByRole("button", { name: "Window" }).count(), 0);
  await other.close();
});
