/**
 * Two people in the camera dialogue of a real Home Assistant (`HA_URL`, `HA_TOKEN`, `HA_LOG`): whoever presses "Start talking" while the
 * other speaks is told who it is, whether they have spoken before or not, and nothing of theirs is heard; the hub is killed while
 * both dialogues are open, which says so there, and shows and hears again without a reload. Takes a minute and a half.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { joinAnnexB } from "../../src/codecs/annexb.ts";
import { unitsOf } from "../../src/drivers/elementary/fake.ts";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { type FakeYoosee, startFakeYoosee } from "../../src/drivers/yoosee/fake.ts";
import { type HubProcess, startHubProcess } from "../e2e/hub-process.ts";
import { openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { microphoneWav } from "../e2e/talk-rig.ts";
import { makeClip } from "../ffmpeg.ts";
import { firstFrame, framesShown, signedIn } from "../peers/home-assistant.ts";
import { addHub, anotherPerson, complaints, HomeAssistant, homeAssistant, until } from "./home-assistant.ts";

const suite = new AsyncDisposableStack();
const rateHz = 48_000;
let home: HomeAssistant;
let folder: string;
let camera: FakeYoosee;
let hub: HubProcess;
let hubId: string;
let anna: Page;
let bert: Page;

const entity = async (what: string) => (await home.entity(`${hubId}_yard_${what}`)).entity_id;
const button = (page: Page) => page.locator("more-info-camera #microphone-button ha-button");
const says = (page: Page, words: string) => button(page).filter({ hasText: words }).waitFor();
const speaker = async () => (await home.state(await entity("speaking"))).attributes["by"];

/** How often somebody has spoken. */
async function talksOf(actor: string): Promise<number> {
  const { entries } = (await (await hub.call("GET", "api/v1/audit?limit=100")).json()) as {
    readonly entries: readonly { readonly actor: string; readonly action: string }[];
  };
  return entries.filter((one) => one.actor === actor && one.action === "talk").length;
}

/** A browser of its own, in which somebody is signed in and the camera's dialogue is open; its microphone hears a tone. */
async function openDialogue(name: string, token: string): Promise<Page> {
  const tone = Int16Array.from({ length: 10 * rateHz }, (_, n) => 12_000 * Math.sin((2 * Math.PI * 440 * n) / rateHz));
  const wav = join(folder, `${name}.wav`);
  await writeFile(wav, microphoneWav(tone, { rateHz, before: 0, after: 0 }));
  const { context } = suite.use(await openBrowser({ profileDir: join(folder, name), microphoneWav: wav }));
  await context.addInitScript(signedIn, { url: homeAssistant.url, token });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(`${homeAssistant.url}/profile/general?more-info-entity-id=${await entity("camera")}`);
  await page.waitForFunction(framesShown);
  return page;
}

async function talk(page: Page): Promise<void> {
  await says(page, "Start talking");
  camera.playout.takeFirstSound();
  await button(page).click();
  await until("the camera plays it", async () => camera.playout.firstSoundUs !== undefined);
}

async function stop(page: Page): Promise<void> {
  await button(page).filter({ hasText: "Stop talking" }).click();
  await home.isState(await entity("speaking"), "off");
}

/** More pictures are shown than before. */
async function goesOn(page: Page): Promise<void> {
  const before = await page.evaluate(framesShown);
  await until("the picture goes on", async () => (await page.evaluate(framesShown)) > before + 10);
}

describe("two people in the dialogue of a real Home Assistant", {
  skip: homeAssistant.url === "" && "HA_URL is not set",
}, () => {
  before(async () => {
    home = suite.use(await HomeAssistant.connect());
    folder = suite.use(await temporaryFolder()).path;
    const accessUnits = unitsOf(makeClip({ codec: "h264" })).map(joinAnnexB);
    const picture = { path: "/onvif1", video: { codec: "h264", accessUnits, frameRate: 25 } } as const;
    const video = suite.use(await startFakeRtsp(picture));
    camera = suite.use(await startFakeYoosee({ rtspPort: video.port }));
    const config = `devices:\n  yard: { address: "rtsp://127.0.0.1:${camera.port}/onvif1" }\n`;
    hub = await startHubProcess({ folder, config });
    suite.defer(() => hub[Symbol.asyncDispose]());
    await hub.call("GET", "api/v1/devices/yard/snapshot");
    hubId = await addHub(home, hub);
    anna = await openDialogue("owner", homeAssistant.token);
    bert = await openDialogue("bert", await anotherPerson(home, "Bert"));
  });
  after(() => suite.disposeAsync());

  it("tells who has not spoken yet who speaks, and their picture goes on", { timeout: 60_000 }, async () => {
    await talk(anna);
    await home.isState(await entity("speaking"), "on");
    assert.equal(await speaker(), "Owner (Anna)");
    await says(bert, "Start talking");
    await button(bert).click();
    await bert.getByText("Owner (Anna) is speaking there.").first().waitFor();
    await says(bert, "Start talking");
    await goesOn(bert);
    assert.equal(await speaker(), "Owner (Anna)");
    await stop(anna);
  });

  it("tells who has spoken before who speaks, hears nothing of them, and shows the picture at their next press", {
    timeout: 90_000,
  }, async () => {
    await talk(bert);
    await until("Home Assistant knows", async () => (await speaker()) === "Bert (Anna)");
    await bert.waitForTimeout(1000);
    await stop(bert);
    await talk(anna);
    const spoke = await talksOf("Bert (Anna)");
    await button(bert).click();
    await bert.locator("ha-alert").getByText("Owner (Anna) is speaking there.").waitFor();
    await says(bert, "Start talking");
    assert.equal(await speaker(), "Owner (Anna)");
    assert.equal(await talksOf("Bert (Anna)"), spoke);
    await button(bert).click();
    await bert.waitForFunction(framesShown);
    await says(bert, "Start talking");
    await goesOn(bert);
    await stop(anna);
    await talk(bert);
    await until("Home Assistant knows", async () => (await speaker()) === "Bert (Anna)");
    await stop(bert);
  });

  it("says that a picture is over when the hub was killed, and shows and hears again without a reload", {
    timeout: 120_000,
  }, async (t) => {
    const { port } = new URL(hub.url);
    const camera = await entity("camera");
    await anna.evaluate(() => document.body.classList.add("not-reloaded"));
    await hub.kill();
    await home.isState(camera, "unavailable");
    hub = await startHubProcess({ folder, httpPort: Number(port) });
    const backMs = performance.now();
    for (const page of [anna, bert]) await page.locator("ha-alert").getByText("The hub was started again").waitFor();
    t.diagnostic(`both are told ${Math.round(performance.now() - backMs)} ms after the hub was there again`);
    await anna.keyboard.press("Escape");
    await anna.locator("ha-more-info-dialog ha-camera-stream").waitFor({ state: "detached" });
    t.diagnostic(
      `first frame ${Math.round(await anna.evaluate(firstFrame, camera))} ms after the dialogue was opened again`,
    );
    await goesOn(anna);
    await talk(anna);
    assert.equal(await anna.locator("body.not-reloaded").count(), 1);
    await stop(anna);
    await talk(bert);
    await goesOn(bert);
    await stop(bert);
  });

  it("leaves nothing in the log", async () => {
    assert.deepEqual(await complaints(/doorward|deprecat|will stop working/i), []);
  });
});
