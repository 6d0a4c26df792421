// Runs alone: it measures how soon a page rings and shows a picture, and compares what is heard.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { wavFile } from "../../src/drivers/yoosee/fake-playout.ts";
import { systemClock } from "../../src/util/clock.ts";
import { every } from "../../src/util/every.ts";
import { type HubRig, startRig, until } from "../e2e/hub-rig.ts";
import { openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { samplesOf } from "../e2e/talk-rig.ts";
import { DoorPeer } from "../peers/door-peer.ts";
import { fit, forgetSound, keepSound, keptSound, peakNow, playedRhythm, type Rhythm, rhythm } from "./rhythm.ts";

const doorPort = 22_010;
const voices = { door: rhythm(450, 3), anna: rhythm(750, 17), ben: rhythm(1150, 91) } as const;
const config = `
enrolment: open
door: { port: ${doorPort}, host: 127.0.0.1 }
calls: { tellVisitor: false }
devices:
  porch: { address: "test:?size=640x360&fps=25&tone=0", warm: true }
  front-door: { arrives: door, bell: { camera: porch } }
`;
const suite = new AsyncDisposableStack();
let rig: HubRig;
let door: DoorPeer;
let anna: Page;
let ben: Page;
const faults: string[] = [];

/** A page of a browser whose microphone hears a rhythm again and again. */
async function pageOf(voice: Rhythm, cookie: string): Promise<Page> {
  const folder = suite.use(await temporaryFolder()).path;
  const microphoneWav = join(folder, "microphone.wav");
  await writeFile(microphoneWav, wavFile(playedRhythm(voice, 48_000), 48_000));
  const { context } = suite.use(
    await openBrowser({ profileDir: join(folder, "profile"), microphoneWav, size: { width: 390, height: 844 } }),
  );
  await context.addInitScript(keepSound);
  const page = await rig.openPage(context, "#/calls", cookie);
  page.setDefaultTimeout(8000);
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.evaluate(() => customElements.whenDefined("dw-calling"));
  // What a page does when it is opened for the first time is not what is measured.
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await page.waitForLoadState("networkidle");
  return page;
}

/** The wall clock's ms at which the page shows `what` of the call. */
function shownAt(page: Page, what: string): Promise<number> {
  return page.evaluate(async (selector) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const find = () => {
      const calling = document.querySelector("dw-app")?.shadowRoot?.querySelector("dw-calling")?.shadowRoot;
      const [outer = "", inner] = selector.split(" >> ");
      const found = calling?.querySelector(outer);
      return inner ? found?.shadowRoot?.querySelector(inner) : found;
    };
    while (!find()) await frame();
    return performance.timeOrigin + performance.now();
  }, what);
}

/** Taps Answer in the page; how long until the call is answered there and a picture after that was shown, in ms. */
function answerInPage(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const calling = document.querySelector("dw-app")?.shadowRoot?.querySelector("dw-calling")?.shadowRoot;
    const button = calling?.querySelector<HTMLButtonElement>("button.answer");
    const player = calling?.querySelector("dw-call-picture")?.shadowRoot?.querySelector("dw-player");
    const video = player?.shadowRoot?.querySelector("video");
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const tapMs = performance.now();
    button?.click();
    while (!calling?.querySelector("button.hang")) await frame();
    await new Promise((resolve) => video?.requestVideoFrameCallback(resolve));
    return performance.now() - tapMs;
  });
}

/** What the door has been sent since message `from`. */
function atDoor(from = 0): Int16Array {
  const frames = door.all("audio_frame").slice(from);
  return samplesOf(Buffer.concat(frames.map(({ data }) => Buffer.from(String(data), "base64"))));
}

const doorFrames = () => door.all("audio_frame").length;
const seconds = (s: number) => new Promise<void>((resolve) => systemClock.timer(s * 1000, resolve));

/** Records everybody for a while. */
async function record(s: number) {
  const from = doorFrames();
  await Promise.all([forgetSound(anna), forgetSound(ben)]);
  await seconds(s);
  const [annas, bens] = await Promise.all([keptSound(anna), keptSound(ben)]);
  return { anna: annas, ben: bens, door: { samples: atDoor(from), rateHz: 16_000 } };
}

/** The door speaks from now on, in the stream that the hub asked for. */
function speakAtDoor(streamId: string): Disposable {
  const round = playedRhythm(voices.door, 16_000);
  const size = 640;
  let sequence = 0;
  const beganUs = systemClock.nowUs();
  // By its own steady clock, as a sound card goes: timers of 40 ms, one after another, are not.
  return every(systemClock, 5, () => {
    if (sequence * 40_000 > systemClock.nowUs() - beganUs) return;
    const at = (sequence * size) % round.length;
    const data = Buffer.from(round.slice(at, at + size).buffer).toString("base64");
    const sound = { encoding: "pcm_s16le", sample_rate: 16_000, channels: 1 };
    door.say({ type: "audio_frame", stream_id: streamId, sequence: sequence++, ...sound, data });
  });
}

before(async () => {
  rig = suite.use(await startRig(config));
  const cookie = await rig.person("Ben", ["view", "listen", "talk"]);
  [anna, ben] = await Promise.all([pageOf(voices.anna, rig.cookie), pageOf(voices.ben, cookie)]);
  door = suite.use(await DoorPeer.station({ port: doorPort, clientId: "front-door" }));
  const { devices } = rig.running.hub;
  await until("the door is there", async () => devices.get("front-door")?.state.phase === "live");
  await until("the camera is warm", async () => devices.get("porch")?.state.phase === "live");
});

after(() => suite.disposeAsync());

test("a ring is on the page in 300 ms, the picture with the tap, and words go both ways as they were said", {
  timeout: 60_000,
}, async (t) => {
  const ringing = shownAt(anna, ".ringing");
  const rangMs = systemClock.wallMs();
  door.say({ type: "event", event: "ring", payload: {} });
  const ringMs = (await ringing) - rangMs;
  const pictureMs = (await shownAt(anna, 'dw-call-picture >> dw-player[data-tone="live"]')) - rangMs;
  assert.deepEqual(door.all("command"), [], "looking opens nothing");
  const tapMs = await answerInPage(anna);
  t.diagnostic(`rings ${ringMs.toFixed(0)} ms, live picture ${pictureMs.toFixed(0)} ms after the press`);
  t.diagnostic(`in the call, with a picture, ${tapMs.toFixed(0)} ms after the tap`);
  await ben.getByText("Answered by Anna").first().waitFor();
  const start = await door.next({ type: "command", command: "start_audio" });
  suite.use(speakAtDoor((start["payload"] as { readonly stream_id: string }).stream_id));
  await until(
    "the door hears something",
    async () => fit(atDoor(), { rhythm: voices.anna, rateHz: 16_000 }).level > 200,
  );
  const spoken = await record(2.4);
  const words = fit(spoken.door.samples, { rhythm: voices.anna, rateHz: 16_000 });
  await anna.getByRole("button", { name: "Mute" }).click();
  await until("the door hears nothing", async () => {
    const from = doorFrames();
    await seconds(0.3);
    return atDoor(from).every((sample) => Math.abs(sample) < 300);
  });
  // It cancels no echo, so its microphone was lowered while Anna spoke.
  await record(1);
  const muted = await record(2.4);
  await anna.getByRole("button", { name: "Muted" }).click();
  const heard = fit(muted.anna.samples, { rhythm: voices.door, rateHz: muted.anna.rateHz });
  t.diagnostic(
    `likeness: Anna at the door ${words.likeness.toFixed(2)}, the door at Anna's ${heard.likeness.toFixed(2)}`,
  );
  assert.ok(words.likeness > 0.7, `at the door ${words.likeness}`);
  assert.ok(
    fit(spoken.door.samples, { rhythm: voices.ben, rateHz: 16_000 }).likeness < 0.4,
    "another's words are not found",
  );
  assert.ok(heard.likeness > 0.6, `at Anna's ${heard.likeness}`);
  assert.ok(fit(muted.door.samples, { rhythm: voices.anna, rateHz: 16_000 }).level < 20, "who is muted is not heard");
  assert.ok(ringMs < 300, `it rings after ${ringMs} ms`);
  assert.ok(tapMs < 300, `a picture ${tapMs} ms after the tap`);
});

test("three are in it: each hears the other two, and not itself", { timeout: 60_000 }, async (t) => {
  await ben.getByRole("button", { name: "Join" }).click();
  await ben.getByRole("button", { name: "Hang up" }).waitFor();
  await until("they hear each other", async () => (await peakNow(anna)) > 3000 && (await peakNow(ben)) > 3000);
  const heard = await record(2.4);
  const levels = Object.entries(heard).map(([who, { samples, rateHz }]) => {
    const of = Object.entries(voices).map(([name, voice]) => [name, fit(samples, { rhythm: voice, rateHz }).level]);
    return [who, Object.fromEntries(of) as Record<string, number>] as const;
  });
  for (const [who, of] of levels) {
    t.diagnostic(
      `${who} hears ${Object.entries(of)
        .map(([name, level]) => `${name} ${level.toFixed(0)}`)
        .join(", ")}`,
    );
    const others = Object.entries(of).flatMap(([name, level]) => (name === who ? [] : [level]));
    // The door cancels no echo: its microphone is lowered while the others speak.
    assert.ok(
      others.every((level) => level > 200 && level > 4 * (of[who] ?? 0)),
      `${who}: ${JSON.stringify(of)}`,
    );
  }
});

test("the door is opened once, the call hung up, and history and numbers say so", { timeout: 60_000 }, async () => {
  const guard = await anna.getByRole("button", { name: /Open the door/ }).boundingBox();
  await anna.mouse.move((guard?.x ?? 0) + 20, (guard?.y ?? 0) + 20);
  await anna.mouse.down();
  await anna.locator("dw-calling .good").waitFor();
  await anna.mouse.up();
  const unlocks = () => door.all("command").filter(({ command }) => command === "unlock");
  assert.equal(unlocks().length, 1);
  await anna.getByRole("button", { name: "Hang up" }).click();
  await ben.getByText(/^In a call$/).waitFor();
  const endedMs = systemClock.wallMs();
  await ben.getByRole("button", { name: "Hang up" }).click();
  await door.next({ type: "command", command: "stop_audio" });
  assert.ok(systemClock.wallMs() - endedMs < 1000, "the talk path is closed within a second");
  await anna.getByText(/Answered by you, 0:\d\d/).waitFor();
  const { calls } = (await (await rig.call("GET", "api/v1/calls")).json()) as { calls: Record<string, unknown>[] };
  assert.equal(calls.length, 1);
  const [call] = calls;
  assert.deepEqual([call?.["state"], call?.["endReason"], call?.["hasSnapshot"]], ["ended", "ended", true]);
  const numbers = await (await rig.call("GET", "metrics")).text();
  for (const name of [
    "ring_to_confirmed",
    "ring_to_picture",
    "ring_to_answer",
    "answer_to_picture",
    "answer_to_first_word",
  ])
    assert.match(numbers, new RegExp(`doorward_call_${name}_seconds_count 1\\n`), name);
  assert.equal(unlocks().length, 1);
  assert.deepEqual(faults, []);
});
