/**
 * A real go2rtc (`test/peers/go2rtc.ts`: built where Go is) at a hub with a Yoosee camera, with a token in the address as its users write it:
 * it reads by WHEP, by the socket that it knows from its own kind, and by RTSP; by the last two it also speaks.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "../e2e/hub-rig.ts";
import { temporaryFolder } from "../e2e/page-browser.ts";
import { startYooseeHub, type YooseeHub } from "../e2e/talk-rig.ts";
import { ffmpeg } from "../ffmpeg.ts";
import { type Go2rtc, go2rtcProgram, startGo2rtc } from "../peers/go2rtc.ts";
import { run } from "../rtsp-house.ts";

const program = go2rtcProgram();
const suite = new AsyncDisposableStack();
let hub: YooseeHub;
let folder: string;
let token: string;
let tone: string;

/** Addresses of the hub's for go2rtc, with its owner's token as their password. */
const webrtc = (path: string, scheme: "http" | "ws") =>
  `webrtc:${hub.rig.running.httpUrl.replace("http://", `${scheme}://x:${token}@`)}${path}`;
const rtsp = (device: string) => {
  const address = hub.rig.running.addresses.find((one) => one.startsWith("rtsp://")) ?? "";
  return `${address.replace("rtsp://", `rtsp://x:${token}@`).replace(/\/$/, "")}/${device}`;
};

/** Two seconds of what it gives on: how many pictures can be decoded, and what was wrong with them. */
async function read(peer: Go2rtc, name: string) {
  const file = join(folder, `${name}.mkv`);
  const source = ["-v", "error", "-nostdin", "-rtsp_transport", "tcp", "-i", peer.address];
  const { code, stderr } = await run("ffmpeg", [...source, "-t", "2", "-map", "0:v", "-c", "copy", "-y", file]);
  assert.equal(code, 0, stderr);
  const decoded = await run("ffmpeg", ["-v", "error", "-i", file, "-f", "framemd5", "-"]);
  return {
    pictures: decoded.stdout
      .toString()
      .split("\n")
      .filter((line) => /^0,/.test(line)).length,
    wrong: decoded.stderr,
  };
}

/** Three seconds of a tone are spoken through it; ms of them that the camera played. */
async function spoken(peer: Go2rtc, codec: "opus" | "pcmu"): Promise<number> {
  const { playout } = hub.camera;
  const before = playout.counters.playedMs;
  playout.takeFirstSound();
  assert.equal(await peer.speak(tone, codec), undefined);
  await until("the camera plays it", async () => playout.firstSoundUs !== undefined);
  const holder = () => hub.rig.running.hub.turns.holder("yard").holder?.name;
  assert.equal(holder(), "Anna");
  await until("the floor is free", async () => holder() === undefined);
  return playout.counters.playedMs - before;
}

describe("go2rtc at a hub with a Yoosee camera", { skip: program === undefined && "Go is not installed" }, () => {
  before(async () => {
    hub = suite.use(await startYooseeHub("rtsp: { port: 0 }\n"));
    folder = suite.use(await temporaryFolder()).path;
    tone = join(folder, "tone.wav");
    ffmpeg(["-f", "lavfi", "-i", "sine=frequency=440:duration=3", "-ar", "48000", "-ac", "1", tone]);
    const grants = [{ scope: "device:yard", rights: ["view", "listen", "talk"] }];
    const made = await hub.rig.call("POST", "api/v1/tokens", { name: "go2rtc", grants });
    token = ((await made.json()) as { readonly token: string }).token;
  });
  after(() => suite.disposeAsync());

  it("reads by WHEP, with the token as the password of its address", { timeout: 60_000 }, async (t) => {
    const beganMs = performance.now();
    using peer = await startGo2rtc(program ?? "", webrtc("whep/yard", "http"));
    const { pictures, wrong } = await read(peer, "whep");
    t.diagnostic(`${pictures} pictures in 2 s, ${Math.round(performance.now() - beganMs)} ms after its start`);
    assert.ok(pictures >= 40, `${pictures} pictures`);
    assert.equal(wrong, "");
  });

  const talking = [
    ["its own kind's socket", "opus", () => webrtc("api/ws?src=yard", "ws")],
    ["RTSP and ONVIF's back channel", "pcmu", () => rtsp("yard")],
  ] as const;
  for (const [way, codec, address] of talking) {
    it(`reads by ${way}, and is heard at the camera's speaker`, { timeout: 60_000 }, async (t) => {
      using peer = await startGo2rtc(program ?? "", address());
      const { pictures, wrong } = await read(peer, codec);
      const heardMs = await spoken(peer, codec);
      t.diagnostic(`${pictures} pictures in 2 s; ${Math.round(heardMs)} ms of 3000 were heard`);
      assert.ok(pictures >= 40, `${pictures} pictures`);
      assert.equal(wrong, "");
      assert.ok(heardMs > 2800);
    });
  }
});
