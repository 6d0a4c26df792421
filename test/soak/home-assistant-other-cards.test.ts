/**
 * Two cards that others wrote for go2rtc, on dashboards of a real Home Assistant (needs root) in Chromium: advanced-camera-card through our
 * integration, with its microphone button, and the card of AlexxIT's WebRTC integration, whose server the hub is. `HA_OTHER_CARDS` is
 * what `test/peers/home-assistant/other-cards.sh` built of them. With `HA_SHOTS` (a folder) it leaves screenshots there.
 */
import assert from "node:assert/strict";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { installed, integrationDir } from "../../scripts/home-assistant-peer.mjs";
import { wavFile } from "../../src/drivers/yoosee/fake-playout.ts";
import { openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { startYooseeHub, type YooseeHub } from "../e2e/talk-rig.ts";
import { framesShown, signedIn, startHomeAssistant } from "../peers/home-assistant.ts";
import { complaints, HomeAssistant, type HomeAssistantPlace, until } from "./home-assistant.ts";

const { HA_OTHER_CARDS: cards = "", HA_SHOTS: shots = "" } = process.env;
const leftOut =
  cards === ""
    ? "HA_OTHER_CARDS is not set: it names the folder of what test/peers/home-assistant/other-cards.sh builds"
    : await installed();
const suite = new AsyncDisposableStack();
let place: HomeAssistantPlace;
let home: HomeAssistant;
let hub: YooseeHub;
let token: string;

const holder = () => hub.rig.running.hub.turns.holder("yard").holder?.name;
const isFree = () => until("the floor is free", async () => holder() === undefined);
const isHeard = () => until("the camera plays it", async () => hub.camera.playout.firstSoundUs !== undefined);
const goesOn = async (page: Page) => {
  await until("there is a picture", async () => (await page.evaluate(framesShown)) > 5);
  const first = await page.evaluate(framesShown);
  await until("it goes on", async () => (await page.evaluate(framesShown)) > first + 50);
};
const shot = async (page: Page, name: string) => {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
};

/** Both cards in Home Assistant, with our integration. */
async function startHome(): Promise<void> {
  const folder = suite.use(await temporaryFolder()).path;
  const components = join(folder, "components");
  await cp(join(integrationDir, "custom_components", "doorward"), join(components, "doorward"), { recursive: true });
  await cp(join(cards, "webrtc"), join(components, "webrtc"), { recursive: true });
  const config = join(folder, "config");
  await mkdir(join(config, "www"), { recursive: true });
  await cp(join(cards, "advanced-camera-card"), join(config, "www", "advanced-camera-card"), { recursive: true });
  place = suite.use(await startHomeAssistant({ words: ["--components", components, "--config", config] }));
  home = suite.use(await HomeAssistant.connect(place));
}

async function addIntegration(handler: string, given: object): Promise<void> {
  const begun = await home.post("api/config/config_entries/flow", { handler });
  const { flow_id: flow } = (await begun.json()) as { readonly flow_id: string };
  const done = await home.post(`api/config/config_entries/flow/${flow}`, given);
  const told = (await done.json()) as { readonly type: string };
  assert.equal(told.type, "create_entry", JSON.stringify(told));
}

/** A dashboard with one card, in a browser whose microphone hears a tone. */
async function open(name: string, card: object): Promise<Page> {
  const path = `other-${name}`;
  const made = { url_path: path, title: name, mode: "storage", require_admin: false, show_in_sidebar: true };
  await home.ask({ type: "lovelace/dashboards/create", ...made });
  const config = { views: [{ title: name, cards: [card] }] };
  await home.ask({ type: "lovelace/config/save", url_path: path, config });
  const folder = suite.use(await temporaryFolder()).path;
  const tone = Int16Array.from({ length: 480_000 }, (_, n) => 12_000 * Math.sin((2 * Math.PI * 440 * n) / 48_000));
  const microphoneWav = join(folder, "tone.wav");
  await writeFile(microphoneWav, wavFile(tone, 48_000));
  const { context } = suite.use(await openBrowser({ profileDir: join(folder, "profile"), microphoneWav }));
  await context.addInitScript(signedIn, { url: place.url, token: place.token });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`${place.url}/${path}/0`);
  return page;
}

describe("cards that others wrote", { skip: leftOut ?? false }, () => {
  before(async () => {
    hub = suite.use(await startYooseeHub());
    // What the camera can do is learnt by one look at it.
    await hub.rig.call("GET", "api/v1/devices/yard/snapshot");
    const grants = [{ scope: "*", rights: ["view", "listen", "talk"] }];
    const made = await hub.rig.call("POST", "api/v1/tokens", { name: "Home", grants });
    token = ((await made.json()) as { readonly token: string }).token;
    await startHome();
    await addIntegration("doorward", { url: hub.rig.running.httpUrl, verify_ssl: true, token });
  });
  after(() => suite.disposeAsync());

  it("advanced-camera-card shows the picture, and its button is heard in its user's name, twice", {
    timeout: 90_000,
  }, async () => {
    const url = "/local/advanced-camera-card/advanced-camera-card.js";
    await home.ask({ type: "lovelace/resources/create", res_type: "module", url });
    const go2rtc = { url: "/api/doorward/go2rtc", stream: "yard", modes: ["webrtc"] };
    const page = await open("advanced", {
      type: "custom:advanced-camera-card",
      cameras: [{ id: "yard", live_provider: "go2rtc", go2rtc }],
      menu: { style: "outside", buttons: { microphone: { enabled: true, type: "toggle" } } },
    });
    await goesOn(page);
    await shot(page, "advanced");
    const microphone = page.getByRole("button", { name: /microphone/i }).first();
    for (const _ of [1, 2]) {
      await microphone.click();
      await isHeard();
      assert.match(holder() ?? "", /^Owner \(/);
      await shot(page, "advanced-speaks");
      await microphone.click();
      await isFree();
      hub.camera.playout.takeFirstSound();
    }
    await goesOn(page);
    await page.close();
  });

  it("AlexxIT's card shows the picture and speaks, with the hub in go2rtc's place", { timeout: 60_000 }, async () => {
    const server = hub.rig.running.httpUrl.replace("://", `://x:${token}@`);
    await addIntegration("webrtc", { url: server });
    const page = await open("webrtc", {
      type: "custom:webrtc-camera",
      ...{ url: "yard", mode: "webrtc", media: "video,audio,microphone" },
    });
    await goesOn(page);
    await isHeard();
    await shot(page, "webrtc");
    assert.equal(holder(), "Anna");
    await page.close();
    await isFree();
  });

  it("and Home Assistant has nothing to complain about us", async () => {
    assert.deepEqual(await complaints(/doorward/i, place), []);
  });
});
