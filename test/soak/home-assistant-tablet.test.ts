/**
 * Cards on a wall tablet that shows a dashboard of a real Home Assistant (`HA_URL`, `HA_TOKEN`), in Chromium: by touch, with sound only after
 * the first of them; and what they show to who may only look, and when the hub is away. With `HA_SHOTS` (a folder) it leaves screenshots there.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { wavFile } from "../../src/drivers/yoosee/fake-playout.ts";
import { buildPage, openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { startYooseeHub, type YooseeHub } from "../e2e/talk-rig.ts";
import { HomeAssistant, homeAssistant, until } from "./home-assistant.ts";
import { addDashboard, addHub, addUser, dropHub, signIn } from "./home-assistant-dashboard.ts";

const { HA_SHOTS: shots = "" } = process.env;
const cards = [
  { type: "custom:doorward-camera", device: "Yard", title: "In the yard", fit: "cover" },
  { type: "custom:doorward-call", whole: true, awake: true },
];
const suite = new AsyncDisposableStack();
let hub: YooseeHub;
let home: HomeAssistant;
let entry: string;
let dashboard: string;
let tablet: Page;

async function browser(how: { readonly token?: string; readonly touch?: true }): Promise<Page> {
  const folder = suite.use(await temporaryFolder()).path;
  const microphoneWav = join(folder, "tone.wav");
  const tone = Int16Array.from({ length: 480_000 }, (_, n) => 12_000 * Math.sin((2 * Math.PI * 440 * n) / 48_000));
  await writeFile(microphoneWav, wavFile(tone, 48_000));
  const { context } = suite.use(
    await openBrowser({
      profileDir: join(folder, "profile"),
      microphoneWav,
      size: { width: 1024, height: 600 },
      touch: how.touch ?? false,
      touchNeeded: how.touch ?? false,
      dark: how.touch ?? false,
    }),
  );
  await signIn(context, how.token);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(dashboard);
  await page.locator('doorward-camera dw-player[data-tone="live"]').waitFor({ timeout: 40_000 });
  return page;
}

const shot = async (page: Page, name: string) => {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
};
const bar = (page: Page) => page.locator("doorward-camera dw-talk button.hold");
const holder = () => hub.rig.running.hub.turns.holder("yard").holder;
const ring = async () => {
  const answer = await hub.rig.call("POST", "api/v1/devices/yard/ring", {});
  assert.equal(answer.status, 200, await answer.clone().text());
};

/** Runs in the page before its own scripts: writes down what the badge of calls says, one after another. */
function noteBadges(): void {
  const badges: string[] = [];
  Object.assign(window, { badges });
  const find = (root: Document | ShadowRoot): HTMLElement | undefined => {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches("button.badge")) return element as HTMLElement;
      const found = element.shadowRoot && find(element.shadowRoot);
      if (found) return found;
    }
    return undefined;
  };
  setInterval(() => {
    const how = find(document)?.dataset["how"];
    if (how && badges.at(-1) !== how) badges.push(how);
  }, 200);
}

/** A finger that goes down in the middle of the bar. */
async function finger(page: Page) {
  const box = await bar(page).boundingBox();
  assert.ok(box);
  const at = { x: Math.round(box.x + 60), y: Math.round(box.y + box.height / 2) };
  const session = await page.context().newCDPSession(page);
  const touch = (type: "touchStart" | "touchMove" | "touchEnd", touchPoints: readonly { x: number; y: number }[]) =>
    session.send("Input.dispatchTouchEvent", { type, touchPoints: [...touchPoints] });
  await touch("touchStart", [at]);
  return {
    slip: () => touch("touchMove", [{ x: at.x, y: 20 }]),
    up: () => touch("touchEnd", []),
    at,
  };
}

describe("cards on a wall tablet", { skip: homeAssistant.url === "" && "HA_URL is not set" }, () => {
  before(async () => {
    await buildPage(fileURLToPath(new URL("../../web/dist", import.meta.url)), { cards: true });
    home = suite.use(await HomeAssistant.connect());
    hub = suite.use(await startYooseeHub());
    // What the camera can do is learnt by one look at it.
    await hub.rig.call("GET", "api/v1/devices/yard/snapshot");
    entry = await addHub(home, hub.rig);
    suite.defer(() => dropHub(entry));
    dashboard = await addDashboard(home, "tablet", cards);
    tablet = await browser({ touch: true });
  });
  after(() => suite.disposeAsync());

  it("say that this browser is silent until it was touched, and rings from then on", { timeout: 60_000 }, async () => {
    const fresh = await tablet.context().newPage();
    await fresh.addInitScript(noteBadges);
    await fresh.goto(dashboard);
    // Whatever a test looks at in a page counts as a touch of it: so nothing is looked at meanwhile.
    await fresh.waitForTimeout(6000);
    const badges = await fresh.evaluate(() => (window as unknown as { badges: string[] }).badges);
    assert.equal(badges.at(-1), "silent", badges.join(", "));
    await fresh.locator("doorward-call .badge").tap();
    await fresh.locator('doorward-call .badge[data-how="rings"]').waitFor();
    await fresh.close();
  });

  it("are heard while a finger is down, however long, and no more when it slips off", { timeout: 60_000 }, async () => {
    const held = await finger(tablet);
    await until("it is heard", async () => hub.camera.playout.firstSoundUs !== undefined);
    assert.match(holder()?.name ?? "", /^\S+ \(Anna\)$/);
    // A long press opens no menu, and selects nothing.
    const menu = tablet.evaluate(({ x, y }) => {
      const deepest = (root: Document | ShadowRoot): Element | null => {
        const found = root.elementFromPoint(x, y);
        return found?.shadowRoot ? (deepest(found.shadowRoot) ?? found) : found;
      };
      const event = new MouseEvent("contextmenu", { bubbles: true, composed: true, cancelable: true });
      deepest(document)?.dispatchEvent(event);
      return [event.defaultPrevented, getSelection()?.toString()];
    }, held.at);
    assert.deepEqual(await menu, [true, ""]);
    await shot(tablet, "tablet-talking");
    assert.ok(holder());
    await held.slip();
    await held.up();
    await until("the floor is free", async () => holder() === undefined);
  });

  it("speak by the keyboard, too", { timeout: 30_000 }, async () => {
    await bar(tablet).focus();
    await tablet.keyboard.down("Space");
    await until("the floor is held", async () => holder() !== undefined);
    await tablet.keyboard.up("Space");
    await until("the floor is free", async () => holder() === undefined);
  });

  it("fill the screen with a call, whatever the dashboard shows", { timeout: 60_000 }, async () => {
    await ring();
    const call = tablet.locator("doorward-over dw-calling .calls");
    await call.waitFor();
    await tablet.locator('doorward-over dw-call-picture dw-player[data-tone="live"]').waitFor();
    const box = await call.boundingBox();
    assert.deepEqual(box, { x: 0, y: 0, width: 1024, height: 600 });
    await shot(tablet, "tablet-ringing");
    await tablet.locator("doorward-over").getByRole("button", { name: "Answer" }).tap();
    await tablet.locator("doorward-over").getByRole("button", { name: "Hang up" }).waitFor();
    await shot(tablet, "tablet-in-call");
    await tablet.locator("doorward-over").getByRole("button", { name: "Hang up" }).tap();
    await until("the call is over", async () => hub.rig.running.hub.calls.list().length === 0);
  });

  it("give who may only look a picture, and nothing to talk or answer with", { timeout: 60_000 }, async () => {
    const token = await addUser(home, "Rita", "system-read-only");
    const rita = await browser({ token });
    await rita.locator('doorward-call .badge[data-how="may-not"]').waitFor();
    assert.equal(await rita.locator("doorward-camera dw-talk").count(), 0);
    await ring();
    await tablet.locator("doorward-over .ringing").waitFor();
    await shot(rita, "reader");
    assert.equal(await rita.locator("doorward-over .ringing").count(), 0);
    // The hub refuses as well, whatever a page asks for.
    const [call] = hub.rig.running.hub.calls.list();
    const answer = await fetch(`${homeAssistant.url}/api/doorward/hub/${entry}/api/v1/calls/${call?.id}/answer`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: "{}",
    });
    assert.equal(answer.status, 404);
    await tablet.locator("doorward-over").getByRole("button", { name: "Decline" }).tap();
    await tablet.locator("doorward-over").getByRole("button", { name: "Decline without a word" }).tap();
    await until("the call is over", async () => hub.rig.running.hub.calls.list().length === 0);
    await rita.close();
  });

  it("come back by themselves when the hub was away for Home Assistant", { timeout: 60_000 }, async () => {
    await home.post(`api/config/config_entries/entry/${entry}/reload`, {});
    await tablet.locator('doorward-call .badge[data-how="offline"]').waitFor();
    await tablet.locator('doorward-call .badge[data-how="rings"]').waitFor();
    await tablet.locator('doorward-camera dw-player[data-tone="live"]').waitFor();
    const held = await finger(tablet);
    await until("the floor is held", async () => holder() !== undefined);
    await held.up();
  });
});
