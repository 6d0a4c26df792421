import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { it } from "node:test";
import { systemClock } from "../../src/util/clock.ts";
import { pictures, until } from "./hub-rig.ts";
import { watchHub } from "./hub-viewer.ts";
import { type LossyRelay, startLossyRelay } from "./lossy-relay.ts";
import { openBrowser, temporaryFolder } from "./page-browser.ts";
import { startDatachannelPublisher } from "./whip-datachannel.ts";
import { callPlainly, startWhipHub, type WhipHub } from "./whip-rig.ts";

const timeout = 90_000;

/** A viewer of the hub gets picture and sound of the device. */
async function seenAndHeard(hub: WhipHub): Promise<void> {
  const packets = new Map<string, number>();
  const count = (kind: string) => packets.set(kind, (packets.get(kind) ?? 0) + 1);
  await using _viewer = await watchHub(hub.rig, "yard", { onPacket: count });
  await until("picture and sound run", async () => ["video", "audio"].every((kind) => (packets.get(kind) ?? 0) > 25));
}

/** Its sender reports say when it took its pictures, by the clock of this machine. */
async function delayKnown(hub: WhipHub): Promise<number> {
  const delay = () => hub.yard.track("video")?.delay;
  await until("its clock tells its delay", async () => delay() !== undefined);
  const known = delay();
  assert.ok(known?.by === "camera-clock" && known.ms < 2000, JSON.stringify(known));
  return known.ms;
}

it("GStreamer becomes a camera with picture and sound, and comes back to the same track", { timeout }, async (t) => {
  await using hub = await startWhipHub();
  const publish = () => startGstreamer({ url: hub.url, token: hub.token });
  const first = publish();
  try {
    await hub.phase("live");
    await seenAndHeard(hub);
    assert.equal(hub.yard.track("video")?.delay, undefined, "its reports contradict each other");
  } finally {
    first.kill();
  }
  const track = hub.yard.track("video");
  const format = track?.format;
  assert.ok(format?.kind === "video" && format.widthPx === 320, JSON.stringify(format));
  const droppedUs = systemClock.nowUs();
  await hub.phase("away");
  t.diagnostic(`a killed publisher was missed after ${Math.round((systemClock.nowUs() - droppedUs) / 1000)} ms`);
  const second = publish();
  try {
    await hub.phase("live");
    await seenAndHeard(hub);
    assert.equal(hub.yard.track("video"), track);
    second.stdin.write("bye\n");
    assert.equal(await second.said("deleted"), 200);
    await hub.phase("away");
  } finally {
    second.kill();
  }
});

it("GStreamer with a wrong token is told, and takes the device from nobody", { timeout }, async () => {
  await using hub = await startWhipHub();
  const good = startGstreamer({ url: hub.url, token: hub.token });
  const bad = startGstreamer({ url: hub.url, token: `${hub.token}x` });
  try {
    await hub.phase("live");
    assert.equal(await bad.said("status"), 403);
    await seenAndHeard(hub);
  } finally {
    good.kill();
    bad.kill();
  }
});

it("Chromium becomes a camera on the wall, and a newer one takes over", { timeout }, async (t) => {
  await using hub = await startWhipHub();
  await using folder = await temporaryFolder();
  await using browser = await openBrowser({ profileDir: join(folder.path, "profile") });
  const wall = await hub.rig.openPage(browser.context);
  await using first = await startChromium(hub);
  await hub.phase("live");
  await until("it is on the wall", async () => (await pictures(wall)).some(({ frames }) => frames > 10));
  await seenAndHeard(hub);
  t.diagnostic(`delay by Chromium's clock: ${await delayKnown(hub)} ms`);
  const track = hub.yard.track("video");
  await using second = await startChromium(hub);
  await until("the first one was let go of", async () => /closed|failed|disconnected/.test(await first.state()));
  await seenAndHeard(hub);
  assert.equal(hub.yard.track("video"), track);
  const shown = (await pictures(wall))[0]?.frames ?? 0;
  await until("the wall goes on", async () => ((await pictures(wall))[0]?.frames ?? 0) > shown + 10);
  await second[Symbol.asyncDispose]();
  await hub.phase("away");
});

it("of Chromium's picture nothing is missing with 10 % lost on the way to the hub", {
  timeout,
}, async (t) => {
  await using hub = await startWhipHub();
  using relay = await startLossyRelay(10, "hub");
  await using peer = await startChromium(hub, relay);
  await hub.phase("live");
  const track = hub.yard.track("video");
  const look = async () => ({ ...(await peer.sent()), arrived: track?.counters.frames ?? 0 });
  await until("it runs", async () => (await look()).arrived > 50);
  const before = await look();
  relay.loss = 0.1;
  await until("enough was sent", async () => (await look()).frames > before.frames + 200);
  relay.loss = 0;
  await until("all was repaired", async () => (await look()).frames > before.frames + 215);
  const after = await look();
  const [sent, arrived] = [after.frames - before.frames, after.arrived - before.arrived];
  const { lost, passed } = relay.counters;
  t.diagnostic(
    `lost ${lost} of ${lost + passed} packets, ${after.nacks - before.nacks} asked again for, ` +
      `${after.keyFrames - before.keyFrames} key frames; ${sent} pictures sent, ${arrived} came`,
  );
  assert.ok(lost > 5 && after.nacks > before.nacks, "packets were lost and asked for");
  assert.ok(sent - arrived <= 3, "all came but those that are on their way");
});

it("a publisher that speaks as OBS does becomes a camera, and is gone when it says so", { timeout }, async () => {
  await using hub = await startWhipHub();
  const headers = {
    "user-agent": "Mozilla/5.0 (OBS-Studio/31.0.3; Linux x86_64; en-US)",
    accept: "*/*",
    authorization: `Bearer ${hub.token}`,
  };
  using peer = startDatachannelPublisher();
  const { offerSdp } = peer;
  const about = {
    "content-type": "application/sdp",
    "content-length": String(offerSdp.length),
    expect: "100-continue",
  };
  const answer = await callPlainly(hub.url, { method: "POST", headers: { ...headers, ...about }, body: offerSdp });
  assert.equal(answer.status, 201, answer.sdp);
  await peer.accept(answer.sdp);
  await hub.phase("live");
  await seenAndHeard(hub);
  const session = new URL(answer.location, hub.url);
  assert.equal((await callPlainly(session, { method: "DELETE", headers })).status, 200);
  await hub.phase("away");
});

/** Chromium as a publisher of its made-up camera and microphone, from a page that is not the hub's. */
async function startChromium(hub: WhipHub, relay?: LossyRelay) {
  await using held = new AsyncDisposableStack();
  const folder = held.use(await temporaryFolder());
  const { context } = held.use(await openBrowser({ profileDir: folder.path }));
  await context.grantPermissions(["camera", "microphone"]);
  const server = createServer((_, answer) =>
    answer.setHeader("content-type", "text/html").end("<title>camera</title>"),
  );
  held.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.exposeFunction("offerToHub", async (body: string) => {
    const headers = { "content-type": "application/sdp", authorization: `Bearer ${hub.token}` };
    const { status, sdp } = await callPlainly(hub.url, { method: "POST", headers, body });
    if (status !== 201) throw new Error(`${status} ${sdp}`);
    return relay?.reroute(sdp) ?? sdp;
  });
  await page.evaluate(publishFromPage);
  const owned = held.move();
  return {
    state: () => page.evaluate(() => (globalThis as unknown as PublishingPage).pc.connectionState),
    sent: () => page.evaluate(sentFromPage),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface PublishingPage {
  pc: RTCPeerConnection;
  offerToHub(sdp: string): Promise<string>;
}

async function publishFromPage(): Promise<void> {
  const here = globalThis as unknown as PublishingPage;
  const input = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360 }, audio: true });
  here.pc = new RTCPeerConnection();
  for (const track of input.getTracks()) here.pc.addTransceiver(track, { direction: "sendonly", streams: [input] });
  await here.pc.setLocalDescription(await here.pc.createOffer());
  const sdp = await here.offerToHub(here.pc.localDescription?.sdp ?? "");
  await here.pc.setRemoteDescription({ type: "answer", sdp });
}

async function sentFromPage(): Promise<{ frames: number; nacks: number; keyFrames: number }> {
  const reports = await (globalThis as unknown as PublishingPage).pc.getStats();
  const found: Record<string, unknown>[] = [];
  reports.forEach((report: Record<string, unknown>) => {
    found.push(report);
  });
  const picture = found.find(({ type, kind }) => type === "outbound-rtp" && kind === "video") ?? {};
  const { framesSent = 0, nackCount = 0, pliCount = 0, firCount = 0 } = picture;
  return { frames: Number(framesSent), nacks: Number(nackCount), keyFrames: Number(pliCount) + Number(firCount) };
}

/** GStreamer's webrtcbin as a publisher, in a process of its own. */
function startGstreamer(options: { readonly url: string; readonly token: string }) {
  const script = join(import.meta.dirname, "..", "peers", "gst-whip.py");
  const child = spawn("/usr/bin/python3", [script, JSON.stringify(options)], { stdio: ["pipe", "pipe", "inherit"] });
  child.on("error", () => {}); // whoever waits for a line is told by its end
  const told = new Map<string, unknown>();
  createInterface(child.stdout).on("line", (line) => {
    for (const [word, value] of Object.entries(JSON.parse(line) as object)) told.set(word, value);
  });
  return {
    stdin: child.stdin,
    said: (word: string) => until(`GStreamer says ${word}`, async () => told.get(word)),
    kill: () => void child.kill("SIGKILL"),
    ended: once(child, "close"),
  };
}
