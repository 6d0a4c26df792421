/**
 * go2rtc's own player (`video-rtc.js` of `github.com/AlexxIT/go2rtc`, by Go's module proxy; needs Go), as its users' cards have it, against the
 * hub's `/api/ws?src=` in Chromium: it shows pictures, its microphone is heard at the camera's speaker, and it hears the camera meanwhile.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { WebSocket, WebSocketServer } from "ws";
import { findGo } from "../../scripts/engine.mjs";
import { joinAnnexB } from "../../src/codecs/annexb.ts";
import { unitsOf } from "../../src/drivers/elementary/fake.ts";
import { startFakeRtsp } from "../../src/drivers/rtsp/fake.ts";
import { wavFile } from "../../src/drivers/yoosee/fake-playout.ts";
import { clicks } from "../e2e/flash-and-click.ts";
import { until } from "../e2e/hub-rig.ts";
import { openBrowser, temporaryFolder } from "../e2e/page-browser.ts";
import { startYooseeHub, type YooseeHub } from "../e2e/talk-rig.ts";
import { makeClip } from "../ffmpeg.ts";
import { go2rtcSources } from "../peers/go2rtc.ts";

const html = `<!doctype html><title>player</title><script type="module">
import { VideoRTC } from "/video-rtc.js";
customElements.define("test-player", class extends VideoRTC {});
const player = document.createElement("test-player");
player.mode = "webrtc";
player.media = "video,audio,microphone";
player.background = true;
// Its own names servers of others.
player.pcConfig = { bundlePolicy: "max-bundle", iceServers: [] };
document.body.append(player);
player.src = new URL("/api/ws" + location.search, location.href.replace("http", "ws")).href;
</script>`;

const suite = new AsyncDisposableStack();
let hub: YooseeHub;
let page: Page;
let site: string;
const faults: string[] = [];
const said: string[] = [];

/** What the player has heard: runs in the page. */
async function soundHeard() {
  const { pc } = document.querySelector("test-player") as unknown as { readonly pc: RTCPeerConnection | null };
  const stats = [...((await pc?.getStats()) ?? new Map()).values()] as readonly Record<string, unknown>[];
  const sound = stats.find(({ type, kind }) => type === "inbound-rtp" && kind === "audio");
  return { packets: Number(sound?.["packetsReceived"] ?? 0), energy: Number(sound?.["totalAudioEnergy"] ?? 0) };
}

/** The place of a card's integration: it serves the player, and passes its socket on with the token in the address of its settings. */
async function startPlayerServer(hubUrl: string, token: string): Promise<string> {
  const script = await readFile(join(go2rtcSources(), "www", "video-rtc.js"), "utf8");
  const server = createServer((request, response) => {
    const isScript = request.url === "/video-rtc.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? script : html);
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (near, request) => {
    const basic = Buffer.from(`x:${token}`).toString("base64");
    const headers = { authorization: `Basic ${basic}` };
    const far = new WebSocket(new URL(request.url ?? "", hubUrl.replace("http", "ws")), { headers });
    const early: string[] = [];
    near.on("message", (data) => (far.readyState === far.OPEN ? far.send(String(data)) : early.push(String(data))));
    far.on("open", () => {
      for (const text of early.splice(0)) far.send(text);
    });
    far.on("message", (data) => {
      said.push(String(data));
      near.send(String(data));
    });
    far.on("close", () => near.close());
    near.on("close", () => far.close());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  suite.defer(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe("go2rtc's own player", { skip: !findGo() && "Go is not installed" }, () => {
  before(async () => {
    const codec = { kind: "audio", codec: "pcmu", sampleRateHz: 8000, channels: 1 } as const;
    const accessUnits = unitsOf(makeClip({ codec: "h264" })).map(joinAnnexB);
    const video = { codec: "h264", accessUnits, frameRate: 25 } as const;
    const hall = suite.use(await startFakeRtsp({ video, audio: clicks("pcmu"), backchannel: [codec] }));
    hub = suite.use(await startYooseeHub(`  hall: { address: "rtsp://127.0.0.1:${hall.port}/stream" }\n`));
    const grants = [{ scope: "*", rights: ["view", "listen", "talk"] }];
    const made = await hub.rig.call("POST", "api/v1/tokens", { name: "card", grants });
    const { token } = (await made.json()) as { readonly token: string };
    site = await startPlayerServer(hub.rig.running.httpUrl, token);
    const folder = suite.use(await temporaryFolder()).path;
    const tone = Int16Array.from({ length: 480_000 }, (_, n) => 12_000 * Math.sin((2 * Math.PI * 440 * n) / 48_000));
    const microphoneWav = join(folder, "tone.wav");
    await writeFile(microphoneWav, wavFile(tone, 48_000));
    const { context } = suite.use(await openBrowser({ profileDir: join(folder, "profile"), microphoneWav }));
    page = await context.newPage();
    page.on("pageerror", (error) => faults.push(String(error)));
  });
  after(() => suite.disposeAsync());

  it("shows pictures, and its microphone is heard", { timeout: 60_000 }, async (t) => {
    const beganMs = performance.now();
    await page.goto(`${site}?src=yard`);
    const decoded = () =>
      page.evaluate(() => document.querySelector("video")?.getVideoPlaybackQuality().totalVideoFrames ?? 0);
    await until("the picture runs", async () => (await decoded()) > 25);
    t.diagnostic(`a second of pictures ${Math.round(performance.now() - beganMs)} ms after the page`);
    await until("the camera plays the microphone", async () => hub.camera.playout.firstSoundUs !== undefined);
    assert.equal(hub.rig.running.hub.turns.holder("yard").holder?.name, "Anna");
    assert.ok(
      said.some((text) => text.includes("talk: granted")),
      said.join("\n"),
    );
    assert.deepEqual(faults, []);
    await page.goto("about:blank");
    await until("the floor is free", async () => hub.rig.running.hub.turns.holder("yard").holder === undefined);
  });

  it("hears the camera while its microphone is open", { timeout: 60_000 }, async (t) => {
    await page.goto(`${site}?src=hall`);
    const holder = () => hub.rig.running.hub.turns.holder("hall").holder?.name;
    await until("the microphone has the floor", async () => holder() === "Anna");
    let heard = { packets: 0, energy: 0 };
    await until("a second of the camera's sound is heard", async () => {
      heard = await page.evaluate(soundHeard);
      return heard.packets > 50 && heard.energy > 0;
    });
    t.diagnostic(`${heard.packets} packets, ${heard.energy.toFixed(4)} of energy`);
    assert.equal(holder(), "Anna");
    await page.close();
    await until("the floor is free", async () => holder() === undefined);
  });
});
