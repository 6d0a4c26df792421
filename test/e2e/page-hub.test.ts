import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { Scene } from "../../src/workers/ffmpeg/child/scene.ts";
import type { AuditEntry, PageDevice } from "../../web/src/api.ts";
import { startDemo } from "./demo-process.ts";
import { until } from "./hub-rig.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";

// Runs quietly: a demo of many cameras and a browser that decodes them.

const suite = new AsyncDisposableStack();
/** Of the demo's front door; every fourth pixel tells. */
const pictureSize = { widthPx: 640, heightPx: 360, everyPx: 4 };
let page: Page;
const faults: string[] = [];
/** Where a machine stands still for long the hub ends a session; the page finds it gone by this answer, and opens another. */
const sessionIsOver = /\/whep\/[\w-]+\/[\w-]{16,}: Failed to load resource: .* 404 /;

before(async () => {
  const folder = suite.use(await temporaryFolder());
  const profile = suite.use(await temporaryFolder());
  const demo = suite.use(await startDemo(folder.path));
  const browser = suite.use(await openBrowser({ profileDir: profile.path }));
  page = await browser.context.newPage();
  page.setDefaultTimeout(40_000);
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    const fault = `${message.location().url}: ${message.text()}`;
    if (message.type() === "error" && !sessionIsOver.test(fault)) faults.push(fault);
  });
  await page.goto(demo.address);
});

after(() => suite.disposeAsync());

test("the printed address leads through set-up to the wall", { timeout: 120_000 }, async () => {
  await page.getByLabel("Your name").fill("Anna");
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Done" }).click();
  await page.locator('dw-wall dw-player[label="Front door"][data-tone="live"]').waitFor();
  await page.locator('dw-wall dw-player[label="Garden"][data-tone="live"]').waitFor();
  const audit = await page.request.get(new URL("/api/v1/audit?limit=100", page.url()).href);
  const actions = ((await audit.json()) as { entries: AuditEntry[] }).entries.map(({ action }) => action);
  assert.ok(actions.includes("view") && !actions.includes("listen"), "nobody listens to muted tiles");
});

test("the clocks of the demo show the time now", { timeout: 120_000 }, async () => {
  const scene = new Scene({ ...pictureSize, hue: 205, name: "" });
  // What was drawn before anybody looked is seen for some seconds at first.
  await until("its clock is right", async () => Math.abs(await offBy(scene)) <= 2000);
});

/** How far the time in the picture of the front door is from now, ms: the picture is the one that its camera draws at which time? */
async function offBy(scene: Scene): Promise<number> {
  const player = page.locator('dw-wall dw-player[label="Front door"]');
  const [luma, seenMs] = await player.evaluate((element: HTMLElement, { widthPx, heightPx, everyPx }) => {
    const video = element.shadowRoot?.querySelector("video");
    const canvas = new OffscreenCanvas(widthPx, heightPx);
    const context = canvas.getContext("2d");
    if (!video || !context) throw new Error("no picture");
    context.drawImage(video, 0, 0, widthPx, heightPx);
    const { data } = context.getImageData(0, 0, widthPx, heightPx);
    const lumas: number[] = [];
    for (let y = 0; y < heightPx; y += everyPx)
      for (let x = 0; x < widthPx; x += everyPx) {
        const at = (y * widthPx + x) * 4;
        lumas.push(16 + 0.257 * (data[at] ?? 0) + 0.504 * (data[at + 1] ?? 0) + 0.098 * (data[at + 2] ?? 0));
      }
    return [lumas, Date.now()] as const;
  }, pictureSize);
  const difference = (atMs: number) => {
    const drawn = scene.draw(atMs);
    const { widthPx, heightPx, everyPx } = pictureSize;
    let sum = 0;
    let n = 0;
    for (let y = 0; y < heightPx; y += everyPx)
      for (let x = 0; x < widthPx; x += everyPx) sum += Math.abs((drawn[y * widthPx + x] ?? 0) - (luma[n++] ?? 0));
    return sum / n;
  };
  let best = { offMs: 0, difference: Number.POSITIVE_INFINITY };
  for (let offMs = -600_000; offMs <= 60_000; offMs += 500) {
    const found = difference(seenMs + offMs);
    if (found < best.difference) best = { offMs, difference: found };
  }
  // Else it is none of its camera's pictures: not there yet, or not whole.
  return best.difference < 8 ? best.offMs : Number.POSITIVE_INFINITY;
}

test("one gesture speaks through a camera", { timeout: 120_000 }, async () => {
  await page.getByRole("link", { name: "Open Front door" }).click();
  await page.locator('dw-camera dw-player[data-tone="live"]').waitFor();
  await page.keyboard.down(" ");
  await page.locator("dw-talk .text").getByText("Speak now").waitFor();
  await page.keyboard.up(" ");
  await page.locator("dw-talk .text").getByText("Hold to talk").waitFor();
});

test("who interrupts speaks for as long as they hold, and no longer", { timeout: 120_000 }, async () => {
  const base = new URL("/", page.url());
  const headers = { "x-doorward": "1", origin: base.origin };
  const ben = { name: "Ben", password: "battery staple" };
  const grants = [{ scope: "*", rights: ["view", "talk"] }];
  const added = await page.request.post(`${base}api/v1/users`, { headers, data: { ...ben, grants } });
  assert.equal(added.status(), 201, await added.text());
  const json = { ...headers, "content-type": "application/json" };
  const post = (path: string, body: object, cookie = "") =>
    fetch(new URL(path, base), { method: "POST", headers: { ...json, cookie }, body: JSON.stringify(body) });
  const cookie = (await post("/api/v1/login", ben)).headers.getSetCookie()[0]?.split(";")[0];
  const text = "The parcel is behind the shed. ".repeat(20);
  assert.equal((await post("/api/v1/say", { to: "device:front-door", text }, cookie)).status, 202);
  const holder = async () => {
    const { devices } = (await (await page.request.get(`${base}api/v1/devices`)).json()) as { devices: PageDevice[] };
    return devices.find(({ id }) => id === "front-door")?.speaker?.holder?.name;
  };
  const bar = page.locator("dw-talk .text");
  await bar.getByText("Ben is speaking").waitFor();
  await page.getByRole("button", { name: /^Interrupt/ }).hover();
  await page.mouse.down();
  await bar.getByText("Speak now").waitFor();
  assert.equal(await holder(), "Anna");
  await page.mouse.up();
  await bar.getByText("Hold to talk").waitFor();
  await until("nobody speaks there any more", async () => (await holder()) === undefined);
});

test("a device is added with a preview, watched, and removed", { timeout: 120_000 }, async () => {
  await page.goto(new URL("/#/add", page.url()).href);
  await page.getByRole("textbox", { name: "Address", exact: true }).fill("test:?name=SHED&hue=20");
  await page.getByRole("button", { name: "Look", exact: true }).click();
  await page.locator('dw-add dw-player[data-tone="live"]').waitFor();
  await page.getByLabel("Name", { exact: true }).fill("Shed");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.waitForURL(/#\/camera\/shed$/);
  await page.locator('dw-camera dw-player[data-tone="live"]').waitFor();
  await page.goto(new URL("/#/devices", page.url()).href);
  await page.getByRole("button", { name: "Remove Shed" }).click();
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByText("Shed was removed.").waitFor();
});

test("what was done is told among the events, and nothing went wrong on the page", { timeout: 120_000 }, async () => {
  await page.goto(new URL("/#/events", page.url()).href);
  await page.getByText("Anna spoke through Front door").first().waitFor();
  await page.getByText("Anna set up this hub").waitFor();
  assert.deepEqual(faults, []);
});
