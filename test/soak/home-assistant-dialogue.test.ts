/**
 * The camera dialogue of a real Home Assistant (`HA_URL`, `HA_TOKEN`), in Chromium: pictures of a camera of the hub are decoded there, and
 * "Start talking", stopped and started again, is heard at the camera's speaker both times, with no message in between.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { systemClock } from "../../src/util/clock.ts";
import { openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { microphoneWav, startYooseeHub, type YooseeHub } from "../e2e/talk-rig.ts";
import { HomeAssistant, homeAssistant, until } from "./home-assistant.ts";

const suite = new AsyncDisposableStack();
const rateHz = 48_000;
let hub: YooseeHub;
let page: Page;

/** What a browser that is signed in keeps, so that nobody has to type. */
const signedIn = ({ url, token }: { readonly url: string; readonly token: string }) => {
  const tokens = { hassUrl: url, clientId: `${url}/`, expires: Date.now() + 1e10, refresh_token: "", expires_in: 1e7 };
  localStorage.setItem("hassTokens", JSON.stringify({ ...tokens, access_token: token }));
};

/** The picture that is shown, however deep it stands. */
const shown = () => {
  const find = (root: Document | ShadowRoot): HTMLVideoElement | undefined => {
    for (const element of root.querySelectorAll("*")) {
      if (element instanceof HTMLVideoElement && element.videoWidth > 0) return element;
      const found = element.shadowRoot && find(element.shadowRoot);
      if (found) return found;
    }
    return undefined;
  };
  return find(document)?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
};

describe("the dialogue of a real Home Assistant", { skip: homeAssistant.url === "" && "HA_URL is not set" }, () => {
  before(async () => {
    const home = suite.use(await HomeAssistant.connect());
    hub = suite.use(await startYooseeHub());
    const hubUrl = hub.rig.running.httpUrl;
    const { hubId } = (await (await hub.rig.call("GET", "api/v1/session")).json()) as { readonly hubId: string };
    const grants = [{ scope: "*", rights: ["view", "listen", "talk"] }];
    const made = await hub.rig.call("POST", "api/v1/tokens", { name: "Home Assistant", grants });
    const { token } = (await made.json()) as { readonly token: string };
    // What the camera can do is learnt by one look at it.
    await hub.rig.call("GET", "api/v1/devices/yard/snapshot");
    await home.ask({ type: "labs/update", domain: "camera", preview_feature: "two_way_audio", enabled: true });
    const begun = await home.post("api/config/config_entries/flow", { handler: "doorward" });
    const { flow_id: flow } = (await begun.json()) as { readonly flow_id: string };
    await home.post(`api/config/config_entries/flow/${flow}`, { url: hubUrl, verify_ssl: true, token });
    const { entity_id: camera } = await home.entity(`${hubId}_yard_camera`);
    const profile = suite.use(await temporaryFolder()).path;
    const tone = Int16Array.from(
      { length: 10 * rateHz },
      (_, n) => 12_000 * Math.sin((2 * Math.PI * 440 * n) / rateHz),
    );
    const wav = join(profile, "tone.wav");
    await writeFile(wav, microphoneWav(tone, { rateHz, before: 0, after: 0 }));
    const { context } = suite.use(await openBrowser({ profileDir: join(profile, "browser"), microphoneWav: wav }));
    await context.addInitScript(signedIn, homeAssistant);
    page = await context.newPage();
    await page.goto(`${homeAssistant.url}/home/overview?more-info-entity-id=${camera}`);
  });
  after(() => suite.disposeAsync());

  it("shows the picture, and five seconds later still", { timeout: 90_000 }, async (t) => {
    const beganMs = performance.now();
    await page.waitForFunction(shown, undefined, { timeout: 60_000 });
    t.diagnostic(`first picture ${Math.round(performance.now() - beganMs)} ms after the page was asked for`);
    const first = await page.evaluate(shown);
    await page.waitForTimeout(5000);
    assert.ok((await page.evaluate(shown)) > first + 50);
  });

  it("is heard at the speaker, stops, and is heard again", { timeout: 90_000 }, async (t) => {
    const button = page.locator("more-info-camera #microphone-button ha-button");
    const { camera, rig } = hub;
    const took: number[] = [];
    for (let press = 0; press < 4; press++) {
      camera.playout.takeFirstSound();
      const pressedUs = systemClock.nowUs();
      await button.click();
      await until("the camera plays it", async () => camera.playout.firstSoundUs !== undefined);
      took.push(((camera.playout.firstSoundUs ?? 0) - pressedUs) / 1000);
      assert.equal(rig.running.hub.turns.holder("yard").holder?.name, "Anna");
      await page.waitForTimeout(1000);
      await button.click();
      await until("the floor is free", async () => rig.running.hub.turns.holder("yard").holder === undefined);
    }
    t.diagnostic(
      `press to first sample: ${took.map((ms) => Math.round(ms)).join(", ")} ms; the first opens the microphone`,
    );
  });
});
