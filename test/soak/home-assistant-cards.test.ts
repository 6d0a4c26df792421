// Runs alone: it measures how soon a card shows who rings, and how soon a press is heard.
/**
 * Cards on a dashboard of a real Home Assistant (`HA_URL`, `HA_TOKEN`), in Chromium: one line to the hub for all of them, pictures,
 * speech, who speaks, calls, and the editor. With `HA_SHOTS` (a folder) it leaves screenshots there.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { ElementHandle, Page } from "playwright-core";
import { wavFile } from "../../src/drivers/yoosee/fake-playout.ts";
import { systemClock } from "../../src/util/clock.ts";
import { every } from "../../src/util/every.ts";
import { buildPage, openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { samplesOf, startYooseeHub, type YooseeHub } from "../e2e/talk-rig.ts";
import { DoorPeer } from "../peers/door-peer.ts";
import { complaints, HomeAssistant, homeAssistant, until } from "./home-assistant.ts";
import { addDashboard, addHub, addUser, dropHub, signIn } from "./home-assistant-dashboard.ts";
import { fit, keepSound, peakNow, playedRhythm, type Rhythm, rhythm } from "./rhythm.ts";

const { HA_SHOTS: shots = "" } = process.env;
const doorPort = 29_010;
const voices = { door: rhythm(450, 3), home: rhythm(750, 17), uma: rhythm(1150, 91) } as const;
const config = `  porch: { address: "test:?size=640x360&fps=25&tone=440", warm: true }
  front-door: { arrives: door, name: Front door, bell: { camera: porch } }
enrolment: open
door: { port: ${doorPort}, host: 127.0.0.1 }
calls: { tellVisitor: false }
`;
const cards = [
  { type: "custom:doorward-camera", device: "porch" },
  { type: "custom:doorward-talk", targets: ["device:yard", "all"] },
  { type: "custom:doorward-call", callable: true },
];

const suite = new AsyncDisposableStack();
const complaintsOfPages: string[] = [];
const lines = { open: 0, most: 0 };
let hub: YooseeHub;
let home: HomeAssistant;
let door: DoorPeer;
let anna: Page;
let uma: Page;
let dashboard: string;

/** Counts, at the hub, the lines of pages that Home Assistant's users have open. */
function countLines(): void {
  const { calls } = hub.rig.running.hub;
  const add = calls.addRinger.bind(calls);
  calls.addRinger = (ringer) => {
    const held = add(ringer);
    if (!ringer.party.includes("/")) return held;
    lines.most = Math.max(lines.most, ++lines.open);
    return {
      [Symbol.dispose]: () => {
        lines.open--;
        held[Symbol.dispose]();
      },
    };
  };
}

async function browser(voice: Rhythm, how: { readonly token?: string; readonly phone?: true; readonly dark?: true }) {
  const folder = suite.use(await temporaryFolder()).path;
  const microphoneWav = join(folder, "microphone.wav");
  await writeFile(microphoneWav, wavFile(playedRhythm(voice, 48_000), 48_000));
  const size = how.phone ? { width: 390, height: 844 } : { width: 1280, height: 900 };
  const { context } = suite.use(
    await openBrowser({ profileDir: join(folder, "profile"), microphoneWav, size, dark: how.dark ?? false }),
  );
  await signIn(context, how.token);
  await context.addInitScript(keepSound);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("pageerror", (error) => complaintsOfPages.push(String(error)));
  page.on("console", (message) => {
    const about = `${message.text()} ${message.location().url}`;
    // A still that is not made yet, and a session that the hub has ended by itself, are asked for as on the hub's own page.
    if (/404 .*\/(snapshot|whep\/calls\/.*)$/.test(about)) return;
    if (["error", "warning"].includes(message.type()) && /doorward|dw-/i.test(about)) complaintsOfPages.push(about);
  });
  await page.goto(dashboard);
  await page.locator("doorward-talk dw-talk button.hold").waitFor({ timeout: 40_000 });
  return page;
}

const shot = async (page: Page, name: string) => {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
};
const bar = (page: Page) => page.locator("doorward-talk dw-talk button.hold");
const barSays = (page: Page, text: string | RegExp) => page.locator("doorward-talk dw-talk .words").getByText(text);
const decoded = (page: Page, where: string) =>
  page
    .locator(where)
    .first()
    .evaluate((video: HTMLVideoElement) => video.getVideoPlaybackQuality().totalVideoFrames);

async function press(page: Page): Promise<void> {
  const box = await bar(page).boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + 40, box.y + box.height / 2);
  await page.mouse.down();
}

/** What the door has been sent since message `from`. */
function atDoor(from = 0): Int16Array {
  const frames = door.all("audio_frame").slice(from);
  return samplesOf(Buffer.concat(frames.map(({ data }) => Buffer.from(String(data), "base64"))));
}

/** The door speaks from now on, in the stream that the hub asked for. */
function speakAtDoor(streamId: string): Disposable {
  const round = playedRhythm(voices.door, 16_000);
  let sequence = 0;
  const beganUs = systemClock.nowUs();
  return every(systemClock, 5, () => {
    if (sequence * 40_000 > systemClock.nowUs() - beganUs) return;
    const at = (sequence * 640) % round.length;
    const data = Buffer.from(round.slice(at, at + 640).buffer).toString("base64");
    const sound = { encoding: "pcm_s16le", sample_rate: 16_000, channels: 1 };
    door.say({ type: "audio_frame", stream_id: streamId, sequence: sequence++, ...sound, data });
  });
}

const pressBell = (): void => door.say({ type: "event", event: "ring", payload: {} });

/** The wall clock's ms at which the page's card shows that it rings. */
async function ringsAt(page: Page): Promise<number> {
  const card = await page.locator("doorward-call dw-calling").elementHandle();
  assert.ok(card);
  return page.evaluate(
    async (calling) => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      while (!calling.shadowRoot?.querySelector(".ringing")) await frame();
      return performance.timeOrigin + performance.now();
    },
    card as ElementHandle<Element>,
  );
}

describe("cards in a real Home Assistant", { skip: homeAssistant.url === "" && "HA_URL is not set" }, () => {
  before(async () => {
    await buildPage(fileURLToPath(new URL("../../web/dist", import.meta.url)), { cards: true });
    home = suite.use(await HomeAssistant.connect());
    hub = suite.use(await startYooseeHub(config));
    countLines();
    door = suite.use(await DoorPeer.station({ port: doorPort, clientId: "front-door" }));
    // What the camera can do is learnt by one look at it.
    await hub.rig.call("GET", "api/v1/devices/yard/snapshot");
    const entry = await addHub(home, hub.rig);
    suite.defer(() => dropHub(entry));
    dashboard = await addDashboard(home, "cards", cards);
    const token = await addUser(home, "Uma");
    [anna, uma] = await Promise.all([
      browser(voices.home, {}),
      browser(voices.uma, { token, phone: true, dark: true }),
    ]);
  });
  after(() => suite.disposeAsync());

  it("show a picture that goes on, and share one line a page", { timeout: 60_000 }, async () => {
    const video = "doorward-camera dw-player video";
    await anna.locator('doorward-camera dw-player[data-tone="live"]').waitFor();
    const first = await decoded(anna, video);
    await until("fifty more pictures are decoded", async () => (await decoded(anna, video)) > first + 50);
    assert.deepEqual(lines, { open: 2, most: 2 }, "two pages, three cards each");
    await shot(anna, "desktop-light");
    await shot(uma, "phone-dark");
  });

  it("are heard while one holds, and tell others who speaks", { timeout: 60_000 }, async (t) => {
    await press(anna);
    await barSays(anna, "Speak now").waitFor();
    const { camera, rig } = hub;
    await until("the camera plays it", async () => camera.playout.firstSoundUs !== undefined);
    const name = rig.running.hub.turns.holder("yard").holder?.name ?? "";
    assert.match(name, /^\S.* \(Anna\)$/, "who uses Home Assistant, and whose token it is");
    await barSays(uma, `${name} is speaking`).waitFor();
    await shot(uma, "phone-held");
    await shot(anna, "desktop-talking");
    // Slipping off the bar and letting go there ends it, too.
    await anna.mouse.move(5, 5);
    await anna.mouse.up();
    await until("the floor is free", async () => rig.running.hub.turns.holder("yard").holder === undefined);
    camera.playout.takeFirstSound();
    const pressedUs = systemClock.nowUs();
    await press(anna);
    await until("the camera plays it again", async () => camera.playout.firstSoundUs !== undefined);
    t.diagnostic(`press to first sample: ${Math.round(((camera.playout.firstSoundUs ?? 0) - pressedUs) / 1000)} ms`);
    // A page that is hidden is not heard.
    await anna.evaluate(() => {
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await until("the floor is free", async () => rig.running.hub.turns.holder("yard").holder === undefined);
    await anna.evaluate(() => {
      Reflect.deleteProperty(document, "hidden");
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await anna.mouse.up();
  });

  it("put the second one in line, and give them the word when the first has ended", { timeout: 60_000 }, async () => {
    await press(anna);
    const { turns } = hub.rig.running.hub;
    await until("Anna holds the floor", async () => turns.holder("yard").holder !== undefined);
    await press(uma);
    await barSays(uma, /is speaking/).waitFor();
    assert.doesNotMatch(turns.holder("yard").holder?.name ?? "", /^Uma/);
    await anna.mouse.up();
    await until("Uma has the word", async () => turns.holder("yard").holder?.name === "Uma (Anna)");
    await uma.mouse.up();
    await until("the floor is free", async () => turns.holder("yard").holder === undefined);
  });

  it("ring, answer, speak both ways, and hang up", { timeout: 60_000 }, async (t) => {
    const ringing = Promise.all([anna, uma].map(ringsAt));
    await anna.waitForTimeout(200);
    const rangMs = systemClock.wallMs();
    pressBell();
    const tookMs = (await ringing).map((ms) => Math.round(ms - rangMs));
    t.diagnostic(`rings on the pages after ${tookMs.join(" and ")} ms`);
    assert.ok(tookMs.every((ms) => ms < 1000));
    await anna.locator('doorward-call dw-call-picture dw-player[data-tone="live"]').waitFor();
    await shot(anna, "desktop-ringing");
    await shot(uma, "phone-ringing");
    await anna.locator("doorward-call").getByRole("button", { name: "Answer" }).click();
    await uma
      .locator("doorward-call")
      .getByText(/Answered by .* \(Anna\)/)
      .first()
      .waitFor();
    const start = await door.next({ type: "command", command: "start_audio" });
    using _speaking = speakAtDoor((start["payload"] as { readonly stream_id: string }).stream_id);
    await until("the door hears Anna", async () => fit(atDoor(), { rhythm: voices.home, rateHz: 16_000 }).level > 200);
    const from = door.all("audio_frame").length;
    await anna.waitForTimeout(2400);
    assert.ok(fit(atDoor(from), { rhythm: voices.uma, rateHz: 16_000 }).likeness < 0.4, "and nobody else");
    await until("Anna hears the door", async () => (await peakNow(anna)) > 1000);
    await shot(anna, "desktop-in-call");
    await anna.locator("doorward-call").getByRole("button", { name: "Hang up" }).click();
    await until("the call is over", async () => hub.rig.running.hub.calls.list().length === 0);
  });

  it("decline with an answer that is said at the door", { timeout: 60_000 }, async () => {
    pressBell();
    const card = uma.locator("doorward-call");
    await card.locator(".ringing").waitFor();
    await card.getByRole("button", { name: "Decline" }).click();
    await shot(uma, "phone-declining");
    await card.getByRole("button", { name: "Decline without a word" }).click();
    await until("the call is over", async () => hub.rig.running.hub.calls.list().length === 0);
    await anna.locator("doorward-call").getByText("Declined by Uma (Anna)").first().waitFor();
  });

  it("say whether this browser would ring", { timeout: 30_000 }, async () => {
    await anna.locator('doorward-call .badge[data-how="rings"]').waitFor();
  });

  it("are set up in Home Assistant's own editor", { timeout: 60_000 }, async () => {
    await anna.goto(`${dashboard}?edit=1`);
    await anna.locator("doorward-camera").first().waitFor();
    await anna.locator("hui-card-edit-mode").first().click();
    const editor = anna.locator("doorward-card-editor ha-form");
    await editor.waitFor();
    await shot(anna, "desktop-editor");
    const title = editor.locator("ha-input input, ha-textfield input").first();
    await title.fill("At the porch");
    await anna.locator("hui-dialog-edit-card").getByRole("button", { name: "Save" }).click();
    await until("it is saved", async () => {
      const saved = await home.ask<object>({ type: "lovelace/config", url_path: "test-cards", force: true });
      return JSON.stringify(saved).includes('"title":"At the porch"');
    });
  });

  it("speak Home Assistant's language", { timeout: 60_000 }, async () => {
    const page = await anna.context().newPage();
    await page.addInitScript(() => localStorage.setItem("selectedLanguage", '"de"'));
    await page.goto(dashboard);
    await page.locator("doorward-call").getByText("Niemand läutet.").waitFor({ timeout: 40_000 });
    await shot(page, "german");
    await page.close();
  });

  it("give the line back when the page goes, and leave no complaint anywhere", { timeout: 30_000 }, async () => {
    await uma.close();
    await until("one page is left", async () => lines.open === 1);
    assert.deepEqual(complaintsOfPages, []);
    assert.deepEqual(await complaints(/doorward/i), []);
  });
});
