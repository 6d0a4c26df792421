/**
 * The camera dialogue of a real Home Assistant (`HA_URL`, `HA_TOKEN`), in Chromium: pictures of a camera of the hub are decoded there, and
 * "Start talking", stopped and started again, is heard at the camera's speaker each time; blueprints run. With its figures.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { microphoneWav, startYooseeHub, type YooseeHub } from "../e2e/talk-rig.ts";
import { framesShown, signedIn } from "../peers/home-assistant.ts";
import { addHub, HomeAssistant, homeAssistant, until } from "./home-assistant.ts";
import { noteStages, type PressStages, pressed } from "./press-stages.ts";
import { spread } from "./spread.ts";

const suite = new AsyncDisposableStack();
const rateHz = 48_000;
const stages = ["asked", "opened", "taken", "granted", "handed", "heard"] as const satisfies (keyof PressStages)[];
/** So long somebody speaks each time. */
const saidMs = 1000;
let hub: YooseeHub;
let page: Page;

const gate = `  gate: { address: "rtsp://127.0.0.1:9/x", bell: {} }\n`;
const blueprints = join(import.meta.dirname, "../../integrations/home-assistant/blueprints/automation/doorward");

let home: HomeAssistant;
let hubId: string;
const entity = async (what: string) => (await home.entity(`${hubId}_${what}`)).entity_id;

/** Makes an automation of a blueprint; gives its entity. */
async function automate(id: string, path: string, input: object): Promise<string> {
  const automation = { alias: id, use_blueprint: { path: `doorward/${path}.yaml`, input } };
  const made = await home.post(`api/config/automation/config/${id}`, automation);
  assert.equal(made.status, 200, await made.text());
  await home.isState(`automation.${id}`, "on");
  return `automation.${id}`;
}

/** What Home Assistant's clock shows in so many seconds. */
async function timeIn(seconds: number): Promise<string> {
  const template = `{{ (now() + timedelta(seconds=${seconds})).strftime("%H:%M:%S") }}`;
  return await (await home.post("api/template", { template })).text();
}

const ran = (automation: string) =>
  until(`${automation} ran`, async () => {
    return typeof (await home.state(automation)).attributes["last_triggered"] === "string";
  });

describe("the dialogue of a real Home Assistant", { skip: homeAssistant.url === "" && "HA_URL is not set" }, () => {
  before(async () => {
    home = suite.use(await HomeAssistant.connect());
    hub = suite.use(await startYooseeHub(gate));
    // What the camera can do is learnt by one look at it.
    await hub.rig.call("GET", "api/v1/devices/yard/snapshot");
    hubId = await addHub(home, { url: hub.rig.running.httpUrl, call: hub.rig.call });
    const camera = await entity("yard_camera");
    const profile = suite.use(await temporaryFolder()).path;
    const tone = Int16Array.from(
      { length: 10 * rateHz },
      (_, n) => 12_000 * Math.sin((2 * Math.PI * 440 * n) / rateHz),
    );
    const wav = join(profile, "tone.wav");
    await writeFile(wav, microphoneWav(tone, { rateHz, before: 0, after: 0 }));
    const { context } = suite.use(await openBrowser({ profileDir: join(profile, "browser"), microphoneWav: wav }));
    await context.addInitScript(signedIn, homeAssistant);
    await context.addInitScript(noteStages);
    page = await context.newPage();
    await page.goto(`${homeAssistant.url}/home/overview?more-info-entity-id=${camera}`);
  });
  after(() => suite.disposeAsync());

  it("shows the picture, and five seconds later still", { timeout: 90_000 }, async (t) => {
    const beganMs = performance.now();
    await page.waitForFunction(framesShown, undefined, { timeout: 60_000 });
    t.diagnostic(`first picture ${Math.round(performance.now() - beganMs)} ms after the page was asked for`);
    const first = await page.evaluate(framesShown);
    await page.waitForTimeout(5000);
    assert.ok((await page.evaluate(framesShown)) > first + 50);
  });

  it("is heard at the speaker each time, with no message in between", { timeout: 100_000 }, async (t) => {
    const button = page.locator("more-info-camera #microphone-button ha-button");
    const took: PressStages[] = [];
    for (let press = 0; press < 20; press++) {
      await button.filter({ hasText: "Start talking" }).waitFor();
      took.push(await pressed(() => button.click(), { page, hub }));
      assert.equal(hub.rig.running.hub.turns.holder("yard").holder?.name, "Owner (Anna)");
      await page.waitForTimeout(saidMs);
      await button.filter({ hasText: "Stop talking" }).click();
      await until("the floor is free", async () => hub.rig.running.hub.turns.holder("yard").holder === undefined);
    }
    const [cold, ...warm] = took;
    t.diagnostic(
      `ms since the finger, the first press: ${stages.map((one) => `${one} ${Math.round(cold?.[one] ?? 0)}`).join(", ")}`,
    );
    for (const stage of stages) {
      t.diagnostic(`ms since the finger, warm, ${stage}: ${JSON.stringify(spread(warm.map((one) => one[stage])))}`);
    }
    assert.ok(spread(warm.map(({ heard }) => heard)).p50 <= 200);
  });

  it("runs its blueprints: announce, nobody is home", { timeout: 60_000 }, async () => {
    for (const name of ["announce", "nobody_home"]) {
      const yaml = await readFile(join(blueprints, `${name}.yaml`), "utf8");
      await home.ask({ type: "blueprint/save", domain: "automation", path: `doorward/${name}.yaml`, yaml });
    }
    const [bell, camera, voice] = [
      await entity("gate_doorbell"),
      await entity("yard_camera"),
      await entity("yard_notify"),
    ];
    const announced = { entity: await entity("gate_call"), to: "ringing", where: [voice], text: "Somebody rings." };
    const announce = await automate("announce", "announce", announced);
    const sentence = "Nobody is here just now.";
    const told = { bell, camera, voice, sentence, notify: "notify.persistent_notification" };
    const nobody = await automate("nobody", "nobody_home", told);
    hub.camera.playout.takeFirstSound();
    await hub.rig.call("POST", "api/v1/devices/gate/ring", {});
    await Promise.all([ran(announce), ran(nobody)]);
    await until("it is said", async () => hub.camera.playout.firstSoundUs !== undefined);
    await until("somebody is told", async () => {
      const notes = await home.ask<readonly { readonly title: string }[]>({ type: "persistent_notification/get" });
      return notes.some(({ title }) => title === "Somebody was at the door");
    });
  });

  it("runs its blueprint of quiet hours: do not disturb from one time to the other", { timeout: 30_000 }, async () => {
    const yaml = await readFile(join(blueprints, "quiet_hours.yaml"), "utf8");
    await home.ask({ type: "blueprint/save", domain: "automation", path: "doorward/quiet_hours.yaml", yaml });
    const quiet = await entity("yard_do_not_disturb");
    const [from, to] = await Promise.all([timeIn(4), timeIn(8)]);
    await automate("quiet", "quiet_hours", { switches: [quiet], from, to });
    const isQuiet = () => hub.rig.running.hub.devices.get("yard")?.settings.doNotDisturb;
    await home.isState(quiet, "on");
    assert.equal(isQuiet(), true);
    await home.isState(quiet, "off");
    assert.equal(isQuiet(), false);
  });
});
