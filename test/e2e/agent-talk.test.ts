import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { systemClock } from "../../src/util/clock.ts";
import { type AgentProcess, startAgentProcess } from "./agent-process.ts";
import { type HubRig, startRig, until } from "./hub-rig.ts";
import { temporaryFolder } from "./page-browser.ts";
import { share } from "./talk-peer.ts";
import { microphoneWav, onset, openTalkPage, samplesOf, type TalkPage } from "./talk-rig.ts";

// Runs quietly: measures how soon somebody is seen or heard.

const rateHz = 48_000;
const toneHz = 440;
/** What a webcam gives: pictures that are encoded by the agent. */
const webcam = "capture:lavfi:testsrc2=size=1280x720:rate=30,format=yuyv422,realtime";
const suite = new AsyncDisposableStack();
let rig: HubRig;
let agent: AgentProcess;
let anna: TalkPage;
let wav: string;

/** What the agent's loudspeaker has played so far. */
const heard = async () => samplesOf((await readFile(wav)).subarray(44));

const rests = async () => (await heard()).subarray(-rateHz / 4).every((sample) => Math.abs(sample) < 50);

before(async () => {
  const folder = suite.use(await temporaryFolder()).path;
  wav = join(folder, "out.wav");
  rig = suite.use(await startRig("enrolment: open\nsignalling: { port: 0 }\ndevices: {}\n"));
  const backend = rig.running.addresses.find((one) => one.endsWith("/ws/device")) ?? "";
  const names = ["--backend", backend, "--device-id", "shed", "--name", "Garden shed"];
  const state = ["--state", join(folder, "agent.json")];
  const media = ["--source", webcam, "--mic", "test", "--speaker", `file:${wav}`];
  agent = suite.use(startAgentProcess([...names, ...state, ...media]));
  await until(`the agent is there: ${agent.said()}`, async () => rig.running.hub.devices.get("shed")?.speaker);
  const step = (2 * Math.PI * toneHz) / rateHz;
  const tone = Int16Array.from({ length: 2 * rateHz }, (_, i) => 12_000 * Math.sin(step * i));
  const microphone = microphoneWav(tone, { rateHz, before: 0, after: 0 });
  anna = suite.use(await openTalkPage(rig, { device: "shed", microphone }));
});

after(() => suite.disposeAsync());

describe("speaking from the page through a camera agent", () => {
  it("is heard at the agent's loudspeaker while the bar is held, and nothing before or after", {
    timeout: 60_000,
  }, async (t) => {
    assert.equal((await readFile(wav)).length, 44);
    const device = rig.running.hub.devices.get("shed");
    const [video, audio] = [device?.track("video"), device?.track("audio")];
    const size = video?.format.kind === "video" && [video.format.widthPx, video.format.heightPx];
    assert.deepEqual(size, [1280, 720]);
    assert.match(agent.said(), /encoded by libx264/);
    await until("its microphone is heard", async () => (audio?.counters.frames ?? 0) > 10);
    const tookMs: number[] = [];
    let from = 0;
    for (let press = 0; press < 4; press++) {
      from = (await heard()).length;
      await anna.page.keyboard.down(" ");
      await until("it is heard", async () => onset((await heard()).subarray(from)) >= 0);
      tookMs.push(Math.round(systemClock.wallMs() - ((await anna.presses()).at(-1) ?? 0)));
      if (press === 3) break;
      await anna.page.keyboard.up(" ");
      await anna.barSays("Hold to talk");
      await until("it rests", rests);
    }
    t.diagnostic(`press to first sample in the file: ${tookMs.join(", ")} ms`);
    assert.ok(Math.max(...tookMs) < 1000, `${tookMs}`);
    await until("a second of it", async () => (await heard()).length > from + rateHz);
    const said = (await heard()).subarray(from + rateHz / 2, from + rateHz);
    const part = share(said, { toneHz, rateHz });
    assert.ok(part > 0.5, `${part} of what is heard is the tone`);
    await anna.page.keyboard.up(" ");
    await anna.barSays("Hold to talk");
    await until("it rests", rests);
  });
});
