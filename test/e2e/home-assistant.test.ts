/**
 * A real Home Assistant with the integration, brought up for this (the first time it is installed, which takes a minute or two): it is given
 * the hub by a wrong and a right token, a ring is an event and starts an automation, its own camera dialogue shows a picture and is
 * heard at the camera's speaker, stops, and is heard again; a second person is told that somebody speaks; the hub is killed and
 * comes back; a token that is taken away asks for another; and its log complains of nothing.
 */
// Runs quietly: from a press and a ring to where they are heard and seen.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { installed } from "../../scripts/home-assistant-peer.mjs";
import { joinAnnexB } from "../../src/codecs/annexb.ts";
import { unitsOf } from "../../src/drivers/elementary/fake.ts";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { type FakeYoosee, startFakeYoosee } from "../../src/drivers/yoosee/fake.ts";
import { systemClock } from "../../src/util/clock.ts";
import { makeClip } from "../ffmpeg.ts";
import { framesShown, signedIn, startHomeAssistant } from "../peers/home-assistant.ts";
import { complaints, HomeAssistant, type HomeAssistantPlace, homeAssistant, until } from "../soak/home-assistant.ts";
import { type HubProcess, startHubProcess } from "./hub-process.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";
import { microphoneWav } from "./talk-rig.ts";

const suite = new AsyncDisposableStack();
const rateHz = 48_000;
let place: HomeAssistantPlace;
let home: HomeAssistant;
let camera: FakeYoosee;
let folder: string;
let hub: HubProcess;
let hubId: string;
let entryId: string;
let dialogue: Page;

const entity = async (device: string, what: string) => (await home.entity(`${hubId}_${device}_${what}`)).entity_id;
const isThere = async (entityId: string) => (await home.state(entityId)).state !== "unavailable";
const talkButton = (page: Page) => page.locator("more-info-camera #microphone-button ha-button");
const buttonSays = (page: Page, words: string) => talkButton(page).filter({ hasText: words }).waitFor();

const leftOut = homeAssistant.url === "" ? await installed() : undefined;

describe("the integration in a real Home Assistant", { skip: leftOut ?? false }, () => {
  before(async () => {
    place = suite.use(await startHomeAssistant());
    home = suite.use(await HomeAssistant.connect(place));
    folder = suite.use(await temporaryFolder()).path;
    const accessUnits = unitsOf(makeClip({ codec: "h264" })).map(joinAnnexB);
    const picture = { path: "/onvif1", video: { codec: "h264", accessUnits, frameRate: 25 } } as const;
    const video = suite.use(await startFakeRtsp(picture));
    camera = suite.use(await startFakeYoosee({ rtspPort: video.port }));
    hub = await startHubProcess({ folder, config: config(camera.port) });
    suite.defer(() => hub[Symbol.asyncDispose]());
    hubId = ((await (await hub.call("GET", "api/v1/session")).json()) as { readonly hubId: string }).hubId;
    // What the camera can do is learnt by one look at it.
    await hub.call("GET", "api/v1/devices/yard/snapshot");
  });
  after(() => suite.disposeAsync());

  it("is given the hub by its address and a token, once", async () => {
    const begin = { handler: "doorward" };
    const { token } = await newToken();
    const where = { url: hub.url, verify_ssl: true };
    const { flow_id: id } = await flow("", begin);
    assert.deepEqual((await flow(id, { ...where, token: "dwt_wrong" })).errors, { base: "invalid_auth" });
    const added = await flow(id, { ...where, token });
    assert.equal(added.type, "create_entry");
    entryId = added.result?.entry_id ?? "";
    const again = await flow("", begin);
    assert.equal((await flow(again.flow_id, { ...where, token })).reason, "already_configured");
  });

  it("shows a ring once, and an automation with the trigger doorbell.rang runs", async (t) => {
    const bell = await entity("front-door", "doorbell");
    await home.isState(bell, "unknown");
    const triggers = [{ trigger: "doorbell.rang", target: { entity_id: bell } }];
    const actions = [{ action: "notify.persistent_notification", data: { message: "Somebody is at the door" } }];
    const automation = await home.post("api/config/automation/config/rang", { alias: "Rang", triggers, actions });
    assert.equal(automation.status, 200, await automation.text());
    await home.isState("automation.rang", "on");
    const rung: number[] = [];
    await home.follow(bell, (_, { event_type: type }) => type === "ring" && rung.push(performance.now()));
    const beganMs = performance.now();
    assert.equal((await hub.call("POST", "api/v1/devices/front-door/ring", {})).status, 200);
    await until("the automation ran", async () => typeof (await ranAt("automation.rang")) === "string");
    await until("the ring was told", async () => rung.length > 0);
    assert.equal(rung.length, 1);
    const tookMs = Math.round((rung[0] ?? 0) - beganMs);
    t.diagnostic(`ring to Home Assistant's state, and back here: ${tookMs} ms`);
    assert.ok(tookMs < 500);
    await home.call("doorward", "decline", { device_id: (await home.device(`${hubId}_front-door`)).id });
  });

  it("shows the picture in its dialogue, and five seconds later still", { timeout: 60_000 }, async (t) => {
    dialogue = await openDialogue("one", 440);
    const beganMs = performance.now();
    await dialogue.waitForFunction(framesShown, undefined, { timeout: 45_000 });
    t.diagnostic(`first picture ${Math.round(performance.now() - beganMs)} ms after the page was there`);
    const first = await dialogue.evaluate(framesShown);
    await dialogue.waitForTimeout(5000);
    assert.ok((await dialogue.evaluate(framesShown)) > first + 50);
  });

  it("is heard at the camera's speaker, stops, and is heard again", { timeout: 60_000 }, async (t) => {
    const took: number[] = [];
    for (let press = 0; press < 3; press++) {
      took.push(await startTalking());
      await stopTalking();
    }
    t.diagnostic(`press to first sample: ${took.map(Math.round).join(", ")} ms; the first opens microphone and camera`);
    assert.ok(Math.min(...took) < 1000);
  });

  it("tells a second person that somebody speaks there, and goes on showing them the picture", {
    timeout: 90_000,
  }, async () => {
    const other = await openDialogue("two", 880);
    await other.waitForFunction(framesShown, undefined, { timeout: 45_000 });
    await startTalking();
    await until(
      "Home Assistant knows",
      async () => (await home.state(await entity("yard", "speaking"))).state === "on",
    );
    await talkButton(other).click();
    await other.getByText("Owner (Anna) is speaking there.").first().waitFor();
    await buttonSays(other, "Start talking");
    const frames = await other.evaluate(framesShown);
    await other.waitForFunction(framesShown, undefined, { timeout: 15_000 });
    assert.ok(frames >= 0);
    await stopTalking();
    await buttonSays(other, "Start talking");
    camera.playout.takeFirstSound();
    await talkButton(other).click();
    await until("the second one is heard now", async () => camera.playout.firstSoundUs !== undefined);
    await other.close();
  });

  it("is unavailable within 15 s of the hub's death, and there again without a reload, with no event", async (t) => {
    const bell = await entity("front-door", "doorbell");
    const before = (await home.state(bell)).state;
    const { port } = new URL(hub.url);
    const beganMs = performance.now();
    await hub.kill();
    await until("the bell is unavailable", async () => !(await isThere(bell)));
    const goneMs = performance.now() - beganMs;
    hub = await startHubProcess({ folder, httpPort: Number(port) });
    const backMs = performance.now();
    await until("the bell is there again", () => isThere(bell));
    const wasBackMs = Math.round(performance.now() - backMs);
    t.diagnostic(`gone after ${Math.round(goneMs)} ms, there ${wasBackMs} ms after the hub`);
    assert.ok(goneMs < 15_000);
    assert.equal((await home.state(bell)).state, before);
  });

  it("asks for another token when its own is taken away, and is what it was", async () => {
    const bell = await entity("front-door", "doorbell");
    const { tokens } = (await (await hub.call("GET", "api/v1/tokens")).json()) as {
      readonly tokens: readonly { readonly id: string; readonly name: string }[];
    };
    for (const { id } of tokens) assert.ok((await hub.call("DELETE", `api/v1/tokens/${id}`)).ok);
    let asked: { readonly flow_id: string; readonly context: { readonly source: string } } | undefined;
    await until("it asks", async () => {
      const flows = await home.ask<readonly NonNullable<typeof asked>[]>({ type: "config_entries/flow/progress" });
      asked = flows.find(({ context }) => context.source === "reauth");
      return asked !== undefined;
    });
    assert.equal(await isThere(bell), false);
    const done = await flow(asked?.flow_id ?? "", { token: (await newToken()).token });
    assert.equal(done.reason, "reauth_successful");
    await until("it is there again", () => isThere(bell));
  });

  it("is unloaded and loaded again", async () => {
    const bell = await entity("front-door", "doorbell");
    await home.ask({ type: "config_entries/disable", entry_id: entryId, disabled_by: "user" });
    await until("nothing of it is left", async () => (await home.get(`api/states/${bell}`)).status === 404);
    await home.ask({ type: "config_entries/disable", entry_id: entryId, disabled_by: null });
    await until("it is there again", async () => (await home.get(`api/states/${bell}`)).ok && (await isThere(bell)));
    const reloaded = await home.post(`api/config/config_entries/entry/${entryId}/reload`, {});
    assert.deepEqual(await reloaded.json(), { require_restart: false });
    await until("it is there still", () => isThere(bell));
  });

  it("has nothing to complain about, and nothing that is outdated", async () => {
    assert.deepEqual(await complaints(/doorward|deprecat|will stop working/i, place), []);
  });
});

function config(port: number): string {
  return `devices:
  yard: { name: Yard, address: "rtsp://127.0.0.1:${port}/onvif1" }
  front-door: { address: "rtsp://127.0.0.1:9/x", bell: {} }
`;
}

async function newToken(): Promise<{ readonly token: string }> {
  const grants = [{ scope: "*", rights: ["view", "listen", "talk", "unlock", "administer"] }];
  // After a log-in the password counts as given just now.
  const made = await hub.call("POST", "api/v1/tokens", { name: "Home Assistant", grants });
  return (await made.json()) as { readonly token: string };
}

async function flow(id: string, body: object) {
  const answer = await home.post(`api/config/config_entries/flow/${id}`, body);
  return (await answer.json()) as {
    readonly flow_id: string;
    readonly type: string;
    readonly errors?: Readonly<Record<string, string>>;
    readonly reason?: string;
    readonly result?: { readonly entry_id: string };
  };
}

async function ranAt(automation: string): Promise<unknown> {
  return (await home.state(automation)).attributes["last_triggered"];
}

/** A browser of its own in which the camera's dialogue is open; its microphone hears a tone. */
async function openDialogue(name: string, toneHz: number): Promise<Page> {
  const tone = Int16Array.from(
    { length: 10 * rateHz },
    (_, n) => 12_000 * Math.sin((2 * Math.PI * toneHz * n) / rateHz),
  );
  const wav = join(folder, `${name}.wav`);
  await writeFile(wav, microphoneWav(tone, { rateHz, before: 0, after: 0 }));
  const { context } = suite.use(await openBrowser({ profileDir: join(folder, name), microphoneWav: wav }));
  await context.addInitScript(signedIn, place);
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  await page.goto(`${place.url}/home/overview?more-info-entity-id=${await entity("yard", "camera")}`);
  return page;
}

/** Presses "Start talking"; milliseconds until the camera's speaker plays it. */
async function startTalking(): Promise<number> {
  await buttonSays(dialogue, "Start talking");
  camera.playout.takeFirstSound();
  const pressedUs = systemClock.nowUs();
  await talkButton(dialogue).click();
  await until("the camera plays it", async () => camera.playout.firstSoundUs !== undefined);
  return ((camera.playout.firstSoundUs ?? 0) - pressedUs) / 1000;
}

async function stopTalking(): Promise<void> {
  await talkButton(dialogue).filter({ hasText: "Stop talking" }).click();
  await home.isState(await entity("yard", "speaking"), "off");
}
