import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { startDemo } from "./demo-process.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";

const suite = new AsyncDisposableStack();
let page: Page;
const faults: string[] = [];

before(async () => {
  const folder = suite.use(await temporaryFolder());
  const profile = suite.use(await temporaryFolder());
  const demo = suite.use(await startDemo(folder.path));
  const browser = suite.use(await openBrowser({ profileDir: profile.path }));
  page = await browser.context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await page.goto(demo.address);
});

after(() => suite.disposeAsync());

test("the printed address leads through set-up to the wall", { timeout: 60_000 }, async () => {
  await page.getByLabel("Your name").fill("Anna");
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Done" }).click();
  await page.locator('dw-wall dw-player[label="Front door"][data-tone="live"]').waitFor();
  await page.locator('dw-wall dw-player[label="Garden"][data-tone="live"]').waitFor();
});

test("one gesture speaks through a camera", { timeout: 60_000 }, async () => {
  await page.getByRole("link", { name: "Open Front door" }).click();
  await page.locator('dw-camera dw-player[data-tone="live"]').waitFor();
  await page.keyboard.down(" ");
  await page.locator("dw-talk .text").getByText("Speak now").waitFor();
  await page.keyboard.up(" ");
  await page.locator("dw-talk .text").getByText("Hold to talk").waitFor();
});

test("a device is added with a preview, watched, and removed", { timeout: 60_000 }, async () => {
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

test("what was done is told among the events, and nothing went wrong on the page", { timeout: 60_000 }, async () => {
  await page.goto(new URL("/#/events", page.url()).href);
  await page.getByText("Anna spoke through Front door").waitFor();
  await page.getByText("Anna set up this hub").waitFor();
  assert.deepEqual(faults, []);
});
