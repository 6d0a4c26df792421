import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { startDemo } from "./demo-process.ts";
import { until } from "./hub-rig.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";

// Runs quietly: measures the time from a press to the ring and the picture.

const suite = new AsyncDisposableStack();
let page: Page;
const faults: string[] = [];

/** Presses the door's bell and gives how long it takes until the page shows that it rings, in milliseconds. */
function ring(): Promise<{ readonly ringMs: number; readonly pictureMs: number }> {
  return page.evaluate(async () => {
    const headers = { "x-doorward": "1", "content-type": "application/json" };
    const { devices } = (await (await fetch("/api/v1/devices", { headers })).json()) as {
      devices: { id: string; kind: string; settings?: { bell?: unknown } }[];
    };
    const door = devices.find(({ kind, settings }) => kind === "door" || settings?.bell);
    const calling = document.querySelector("dw-app")?.shadowRoot?.querySelector("dw-calling")?.shadowRoot;
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const beganMs = performance.now();
    const pressed = await fetch(`/api/v1/devices/${door?.id}/ring`, { method: "POST", headers, body: "{}" });
    if (!pressed.ok) throw new Error(`${door?.id}: ${await pressed.text()}`);
    while (!calling?.querySelector(".ringing")) await frame();
    const ringMs = performance.now() - beganMs;
    const live = () =>
      calling?.querySelector("dw-call-picture")?.shadowRoot?.querySelector('dw-player[data-tone="live"]');
    while (!live()) await frame();
    return { ringMs, pictureMs: performance.now() - beganMs };
  });
}

/** The serious faults that axe-core finds in the call that is shown. Its script is given to the page from outside, past our policy. */
async function accessFaults(): Promise<readonly string[]> {
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(about: string): Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run("dw-app");
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    return serious.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

/** Holds the guarded button until the page says that the door was opened. */
async function holdToOpen(): Promise<void> {
  const box = await page.getByRole("button", { name: /Open the door/ }).boundingBox();
  if (!box) throw new Error("there is no button");
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.locator("dw-calling .good").waitFor();
  await page.mouse.up();
}

/** How often a door was opened, as the audit has it. */
function opened(): Promise<number> {
  return page.evaluate(async () => {
    const answer = await fetch("/api/v1/audit?limit=50", { headers: { "x-doorward": "1" } });
    const { entries } = (await answer.json()) as { entries: { action: string }[] };
    return entries.filter(({ action }) => action === "unlock").length;
  });
}

before(async () => {
  const folder = suite.use(await temporaryFolder());
  const profile = suite.use(await temporaryFolder());
  const demo = suite.use(await startDemo(folder.path));
  const browser = suite.use(
    await openBrowser({ profileDir: profile.path, size: { width: 390, height: 844 }, touch: true }),
  );
  page = await browser.context.newPage();
  page.setDefaultTimeout(8000);
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(demo.address);
  await page.getByLabel("Your name").fill("Anna");
  await page.getByLabel("Password").fill("correct horse");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Done" }).click();
  await page.locator('dw-wall dw-player[data-tone="live"]').first().waitFor();
  // The demo's door comes a little later than the page.
  await until("the door is there", () =>
    page.evaluate(async () => {
      const { devices } = (await (await fetch("/api/v1/devices", { headers: { "x-doorward": "1" } })).json()) as {
        devices: { kind: string; state: { phase: string } }[];
      };
      return devices.some(({ kind, state }) => kind === "door" && state.phase === "live");
    }),
  );
  await page.evaluate(() => customElements.whenDefined("dw-calling"));
});

after(() => suite.disposeAsync());

test("a door rings on the page, is answered by one tap, opened once, and hung up", { timeout: 30_000 }, async (t) => {
  const title = await page.title();
  const { ringMs, pictureMs } = await ring();
  t.diagnostic(`rings after ${ringMs.toFixed(0)} ms, live picture after ${pictureMs.toFixed(0)} ms`);
  assert.ok(ringMs < 300, `it rings after ${ringMs} ms`);
  assert.match(await page.title(), /rings$/);
  assert.deepEqual(await accessFaults(), []);
  await page.getByRole("button", { name: "Answer" }).click();
  const tapMs = Date.now();
  await page.getByRole("button", { name: "Hang up" }).waitFor();
  await page.locator('dw-call-picture dw-player[data-tone="live"]').waitFor();
  t.diagnostic(`in the call, with the picture, ${Date.now() - tapMs} ms after the tap`);
  assert.equal(await page.title(), title);
  await holdToOpen();
  assert.equal(await opened(), 1);
  await page.getByRole("button", { name: "Hang up" }).click();
  await page.locator("dw-calling .call").waitFor({ state: "detached" });
});

test("it is declined with a word for the visitor, and the history says what happened", {
  timeout: 30_000,
}, async () => {
  // The same bell within three seconds is the same press.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 3100)));
  await ring();
  await page.getByRole("button", { name: "Decline", exact: true }).click();
  await page.getByRole("button", { name: "Please leave it at the door." }).click();
  await page.locator("dw-calling .call").waitFor({ state: "detached" });
  await page.evaluate(() => {
    location.hash = "#/calls";
  });
  await page.getByText("Declined by you: “Please leave it at the door.”").waitFor();
  await page.getByText(/Answered by you, 0:\d\d/).waitFor();
  assert.deepEqual(faults, []);
});

test("the bell is set up in the device's form: whom it rings in which order, forward, quiet hours; errors stand at their field", {
  timeout: 30_000,
}, async () => {
  const device = (name: string) =>
    page.evaluate(async (wanted) => {
      const { devices } = (await (await fetch("/api/v1/devices", { headers: { "x-doorward": "1" } })).json()) as {
        devices: { id: string; name: string; settings: object }[];
      };
      return devices.find((one) => one.name === wanted);
    }, name);
  const before = await device("Doorbell");
  const kitchen = await device("Kitchen");
  await page.evaluate(() => {
    location.hash = "#/edit/doorbell";
  });
  await page.getByRole("radio", { name: /One after another/ }).check();
  await page.getByLabel("Add to: Step 1").selectOption({ label: "Anna" });
  await page.getByRole("button", { name: "Add a step" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Choose whom it rings at this step, or remove the step.").waitFor();
  await page.getByLabel("Add to: Step 2").selectOption({ label: "Kitchen" });
  await page.getByRole("button", { name: "Step 2 earlier" }).click();
  await page.getByLabel("Ring others as well after a while").check();
  await page.getByLabel("Add to: Rung as well").selectOption({ label: "Anna" });
  await page.getByRole("button", { name: "Add quiet hours" }).last().click();
  await page.getByRole("button", { name: "Sunday" }).click();
  await page.getByLabel("Rings for (seconds)", { exact: true }).fill("60");
  assert.deepEqual(await accessFaults(), []);
  await page.getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/#\/devices$/);
  assert.deepEqual((await device("Doorbell"))?.settings, {
    ...before?.settings,
    bell: {
      camera: "front-door",
      groups: [[`device:${kitchen?.id}`], ["person:Anna"]],
      forward: { afterS: 30, to: ["person:Anna"] },
      quiet: [{ from: "22:00", to: "07:00", days: ["mon", "tue", "wed", "thu", "fri", "sat"] }],
      ringS: 60,
    },
  });
  assert.deepEqual(faults, []);
});
