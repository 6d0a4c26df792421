/**
 * A real go2rtc (`test/peers/go2rtc.ts`: built where Go is) that reads the hub by WebRTC, with a token in the address as its users write
 * it: by WHEP, and by the socket that it knows from its own kind, through which it also speaks.
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

/** What one person's go2rtc is given: this address of the hub's, with their token as its password. */
const addressOf = (path: string, scheme: "http" | "ws") =>
  `webrtc:${hub.rig.running.httpUrl.replace("http://", `${scheme}://x:${token}@`)}${path}`;

/** Two seconds of what it gives on: codecs, pictures that can be decoded, and what was wrong with them. */
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

describe("go2rtc reads the hub by WebRTC", { skip: program === undefined && "Go is not installed" }, () => {
  before(async () => {
    hub = suite.use(await startYooseeHub());
    folder = suite.use(await temporaryFolder()).path;
    const grants = [{ scope: "device:yard", rights: ["view", "listen", "talk"] }];
    const made = await hub.rig.call("POST", "api/v1/tokens", { name: "go2rtc", grants });
    token = ((await made.json()) as { readonly token: string }).token;
  });
  after(() => suite.disposeAsync());

  it("by WHEP, with the token as the password of its address", { timeout: 60_000 }, async (t) => {
    const beganMs = performance.now();
    using peer = await startGo2rtc(program ?? "", addressOf("whep/yard", "http"));
    const { pictures, wrong } = await read(peer, "whep");
    t.diagnostic(`${pictures} pictures in 2 s, ${Math.round(performance.now() - beganMs)} ms after its start`);
    assert.ok(pictures >= 40, `${pictures} pictures`);
    assert.equal(wrong, "");
  });

  it("by its own kind's socket, and is heard at the camera's speaker", { timeout: 60_000 }, async (t) => {
    using peer = await startGo2rtc(program ?? "", addressOf("api/ws?src=yard", "ws"));
    const { pictures, wrong } = await read(peer, "socket");
    assert.ok(pictures >= 40, `${pictures} pictures`);
    assert.equal(wrong, "");
    const tone = join(folder, "tone.wav");
    ffmpeg(["-f", "lavfi", "-i", "sine=frequency=440:duration=3", "-ar", "48000", "-ac", "1", tone]);
    hub.camera.playout.takeFirstSound();
    assert.equal(await peer.speak(tone, "opus"), undefined);
    await until("the camera plays it", async () => hub.camera.playout.firstSoundUs !== undefined);
    const holder = () => hub.rig.running.hub.turns.holder("yard").holder?.name;
    assert.equal(holder(), "Anna");
    await until("the floor is free", async () => holder() === undefined);
    t.diagnostic(
      `${pictures} pictures in 2 s; ${Math.round(hub.camera.playout.counters.playedMs)} ms of 3000 were heard`,
    );
    assert.ok(hub.camera.playout.counters.playedMs > 2800);
  });
});
