import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { systemClock } from "../../src/util/clock.ts";
import { until } from "./hub-rig.ts";
import {
  microphoneWav,
  openTalkPage,
  startYooseeHub,
  type TalkPage,
  withoutPauses,
  words,
  type YooseeHub,
} from "./talk-rig.ts";

// Runs quietly: measures from press to sound.

const rateHz = 48_000;
const suite = new AsyncDisposableStack();
let hub: YooseeHub;
let anna: TalkPage;
let ben: TalkPage;
const silence = microphoneWav(new Int16Array(rateHz), { rateHz, before: 0, after: 0 });

const holder = () => hub.rig.running.hub.turns.holder("yard").holder;
const wallMs = (us: number) => systemClock.wallMs() - (systemClock.nowUs() - us) / 1000;

/** Resolves with the wall clock's ms when nobody holds the yard's speaker. */
function untilFree(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const listener = hub.rig.running.hub.turns.onChange(() => {
    if (holder()) return;
    listener[Symbol.dispose]();
    resolve(systemClock.wallMs());
  });
  return promise;
}

before(async () => {
  hub = suite.use(await startYooseeHub());
  const said = words("She sells sea shells by the sea shore, and the shells she sells are sea shells.", { rateHz });
  const microphone = microphoneWav(withoutPauses(said, { rateHz }), { rateHz, before: 0, after: 0 });
  anna = suite.use(await openTalkPage(hub.rig, { device: "yard", microphone }));
});

after(() => suite.disposeAsync());

describe("talking from the page through a Yoosee camera", () => {
  it("is heard soon after the press", { timeout: 60_000 }, async (t) => {
    const { camera } = hub;
    const tookMs: number[] = [];
    for (let press = 0; press < 11; press++) {
      const closed = camera.closed;
      camera.playout.takeFirstSound();
      await anna.page.keyboard.down(" ");
      await until("the camera plays it", async () => camera.playout.firstSoundUs !== undefined);
      await anna.page.keyboard.up(" ");
      await until("the camera has its speaker back", async () => camera.closed > closed);
      tookMs.push(wallMs(camera.playout.firstSoundUs ?? 0) - ((await anna.presses()).at(-1) ?? 0));
    }
    const [cold = 0, ...warm] = tookMs;
    const sorted = warm.toSorted((a, b) => a - b);
    const [median = 0, worst = 0] = [sorted[sorted.length >> 1], sorted.at(-1)];
    t.diagnostic(
      `press to first sample: first ${cold.toFixed(0)}, then p50 ${median.toFixed(0)}, worst ${worst.toFixed(0)} ms`,
    );
    assert.ok(median < 1000, `${median} ms`);
  });

  it("makes no new offer in a hundred presses", { timeout: 60_000 }, async () => {
    const { camera } = hub;
    const before = await anna.negotiations();
    const presses = (await anna.presses()).length;
    for (let press = 0; press < 100; press++) {
      await anna.page.keyboard.down(" ");
      await anna.barSays("Speak now");
      const { records } = camera.counters;
      if (press % 10 === 9) await until("the camera hears it", async () => camera.counters.records > records);
      await anna.page.keyboard.up(" ");
      await anna.barSays("Hold to talk");
    }
    assert.equal((await anna.presses()).length, presses + 100);
    assert.deepEqual(await anna.negotiations(), before);
    await until("the speaker is free", async () => !holder());
    assert.equal(camera.counters.malformed, 0);
    const audit = (await (await hub.rig.call("GET", "api/v1/audit?limit=200")).json()) as {
      readonly entries: readonly { readonly action: string }[];
    };
    assert.equal(audit.entries.filter(({ action }) => action === "view" || action === "listen").length, 1);
  });

  it("stays open without being held, and shows that the microphone hears", { timeout: 30_000 }, async () => {
    const { page } = anna;
    await page.getByRole("button", { name: "Keep open" }).click();
    await anna.barSays("Speak now");
    const drawn = () =>
      page.locator("dw-talk canvas.level").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    const seen = new Set<string>();
    await until("the meter moves", async () => seen.add(await drawn()).size > 3);
    assert.equal(holder()?.name, "Anna");
    await page.getByRole("button", { name: "Stop" }).click();
    await anna.barSays("Hold to talk");
    await until("the speaker is free", async () => !holder());
  });

  it("tells a second person who speaks, and gives them their turn", { timeout: 60_000 }, async () => {
    const cookie = await hub.rig.person("Ben", ["view", "talk"]);
    ben = suite.use(await openTalkPage(hub.rig, { device: "yard", microphone: silence, cookie }));
    await anna.page.keyboard.down(" ");
    await anna.barSays("Speak now");
    await ben.barSays("Anna is speaking");
    await ben.barSays("Hold to wait for your turn.");
    await ben.page.keyboard.down(" ");
    await ben.barSays("Keep holding: you are next.");
    assert.equal(holder()?.name, "Anna");
    await anna.page.keyboard.up(" ");
    await ben.barSays("Speak now");
    assert.equal(holder()?.name, "Ben");
    await anna.barSays("Ben is speaking");
  });

  it("does not take five seconds of silence for a talker who has gone", { timeout: 60_000 }, async () => {
    const turn = holder()?.turnId;
    const { counters } = hub.camera.playout;
    hub.camera.playout.played();
    const from = counters.playedMs;
    await until("the camera played 5 s of silence", async () => {
      assert.equal(holder()?.turnId, turn, "the same turn");
      hub.camera.playout.played();
      return counters.playedMs - from > 5000;
    });
    await ben.barSays("Speak now");
    await ben.page.keyboard.up(" ");
    await until("Ben let go", async () => !holder());
  });

  it("is free at once when the talker's page is closed", { timeout: 30_000 }, async (t) => {
    await ben.page.keyboard.down(" ");
    await ben.barSays("Speak now");
    const free = untilFree();
    const startMs = systemClock.wallMs();
    await ben.page.close();
    const tookMs = (await free) - startMs;
    t.diagnostic(`free ${tookMs.toFixed(0)} ms after the page was closed`);
    assert.ok(tookMs < 500, `${tookMs} ms`);
  });

  it("is free half a second after a talker's machine stops dead", { timeout: 30_000 }, async (t) => {
    await anna.page.keyboard.down(" ");
    await anna.barSays("Speak now");
    const { records } = hub.camera.counters;
    await until("Anna is heard", async () => hub.camera.counters.records > records);
    const free = untilFree();
    const startMs = systemClock.wallMs();
    process.kill(-anna.pid, "SIGSTOP");
    try {
      const tookMs = (await free) - startMs;
      t.diagnostic(`free ${tookMs.toFixed(0)} ms after the browser stopped`);
      assert.ok(tookMs < 1500, `${tookMs} ms`);
    } finally {
      process.kill(-anna.pid, "SIGCONT");
    }
    await anna.barSays("Nothing was heard from your microphone.");
    await anna.page.keyboard.up(" ");
  });
});
