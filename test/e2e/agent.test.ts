import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openSource } from "../../src/cli/agent/source.ts";
import { CameraAgent, Player } from "../../src/endpoints/agent/index.ts";
import type { Right } from "../../src/identity/policy.ts";
import { opusFormat } from "../../src/media/format.ts";
import { Track } from "../../src/media/track.ts";
import { systemClock } from "../../src/util/clock.ts";
import { every } from "../../src/util/every.ts";
import { silentLog } from "../../src/util/log.ts";
import { createWebRtcWorker } from "../../src/workers/webrtc/index.ts";
import { createPublishWorker } from "../../src/workers/webrtc/publish.ts";
import { signallingPeer } from "../peers/signalling-peer.ts";
import { startAgentProcess } from "./agent-process.ts";
import { type HubRig, startRig, until } from "./hub-rig.ts";
import { temporaryFolder } from "./page-browser.ts";

// Runs quietly: measures how soon somebody is seen or heard.

// Servers that never answer: nothing waits for them.
const yaml = (silentPort: number) => `enrolment: open
signalling: { port: 0 }
whep:
  stunServers: ["stun:127.0.0.1:${silentPort}"]
  turn: { urls: ["turn:127.0.0.1:${silentPort}?transport=udp"], secret: "0123456789abcdef" }
devices: {}
`;
const suite = new AsyncDisposableStack();
let rig: HubRig;
let address: string;
const watched: number[] = [];
/** Wall clock's ms of each frame that the agent's loudspeaker played. */
const played: number[] = [];

before(async () => {
  const silent = createSocket("udp4").bind(0, "127.0.0.1");
  suite.defer(() => void silent.close());
  await once(silent, "listening");
  rig = suite.use(await startRig(yaml(silent.address().port)));
  address = rig.running.addresses.find((one) => one.endsWith("/ws/device")) ?? "";
  const clock = systemClock;
  const stop = new AbortController();
  const context = { clock, log: silentLog, signal: stop.signal, stdout: process.stderr, stderr: process.stderr };
  const source = suite.use(await openSource("test:?size=320x180&fps=20&gop=1&tone=440", context));
  const webrtc = suite.use(createWebRtcWorker({ clock, log: silentLog, engine: "node" }));
  const loudspeaker = {
    write: (_frame: Int16Array, { heard }: { readonly heard: boolean }) => {
      if (heard) played.push(clock.wallMs());
      return true;
    },
    [Symbol.asyncDispose]: async () => {},
  };
  const agent = new CameraAgent({
    player: suite.use(new Player({ loudspeaker, clock, log: silentLog })),
    speaker: { echoCancelling: false },
    url: address,
    deviceId: "shed",
    name: "Garden shed",
    token: undefined,
    claims: false,
    source,
    webrtc,
    onWatched: (viewers) => watched.push(viewers),
    onState: () => {},
    clock,
    log: silentLog,
  });
  const running = agent.run(stop.signal);
  suite.defer(async () => {
    stop.abort();
    await running;
  });
  await until("the agent is there", async () => rig.running.hub.devices.get("shed")?.state.phase === "idle");
});

after(() => suite.disposeAsync());

/** A peer that asks for picture and sound and has a microphone, as a browser of the agents' protocol does. */
async function openPeer() {
  const stack = new AsyncDisposableStack();
  const publishers = stack.use(createPublishWorker({ clock: systemClock, log: silentLog }));
  const frames = { video: 0, audio: 0 };
  const microphone = new Track(opusFormat, { id: "peer", clock: systemClock });
  const asked = stack.use(
    await publishers.ask({
      onTrack: (format) => ({ write: () => void frames[format.kind]++, updateFormat: () => {} }),
      sound: microphone,
    }),
  );
  /** A packet of silence. */
  const speak = () => {
    const timestampUs = systemClock.nowUs();
    microphone.write({ data: Uint8Array.of(0xf8, 0xff, 0xfe), timestampUs, durationUs: 20_000, key: true });
  };
  return { asked, frames, speak, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** A viewer with these rights that watches the agent directly. */
async function watchDirectly(rights: readonly Right[]) {
  await using opened = new AsyncDisposableStack();
  const { credentials, users } = rig.running.hub.identity;
  const [admin] = users.list();
  const token = await credentials.makeToken(admin?.id ?? "", {
    name: "x",
    grants: [{ scope: "*", rights: [...rights] }],
  });
  const hello = { token: token.secret };
  const viewer = opened.use(await signallingPeer(address.replace("/device", "/viewer"), { hello }));
  await viewer.next("hello_ack");
  const beganUs = systemClock.nowUs();
  viewer.say("watch_request", { device_id: "shed" });
  const { session_id, ice_servers } = (await viewer.next("watch_ready")).payload;
  assert.equal((ice_servers as unknown[]).length, 2);
  const peer = opened.use(await openPeer());
  viewer.say("signal_offer", { session_id, sdp: { type: "offer", sdp: peer.asked.offerSdp } });
  const { sdp } = (await viewer.next("signal_answer")).payload as { readonly sdp: { readonly sdp: string } };
  for (const candidate of await peer.asked.answered(sdp.sdp)) {
    viewer.say("signal_ice", { session_id, candidate: { ...candidate, sdpMLineIndex: 0 } });
  }
  await until("the first picture comes", async () => peer.frames.video > 0);
  assertQuick(beganUs);
  await until("pictures and sound come", async () => peer.frames.video > 10 && peer.frames.audio > 20);
  const owned = opened.move();
  return { viewer, peer, session_id, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** No longer than a first picture takes; who waits for a server that is not there waits 10 s and more. */
function assertQuick(beganUs: number): void {
  const tookMs = Math.round((systemClock.nowUs() - beganUs) / 1000);
  assert.ok(tookMs < 4000, `the first picture took ${tookMs} ms`);
}

describe("a camera agent of ours", () => {
  it("sends to the hub once, for all who look, and rests when nobody does", { timeout: 60_000 }, async () => {
    const device = rig.running.hub.devices.get("shed");
    assert.equal(device?.name, "Garden shed");
    const beganUs = systemClock.nowUs();
    using _first = device?.demand();
    const second = device?.demand();
    await until("it is live", async () => device?.state.phase === "live");
    assertQuick(beganUs);
    second?.[Symbol.dispose]();
    const [video, audio] = [device?.track("video"), device?.track("audio")];
    assert.equal(video?.format.codec, "h264");
    assert.equal(audio?.format.codec, "opus");
    await until(
      "pictures and sound come",
      async () => (video?.counters.frames ?? 0) > 10 && (audio?.counters.frames ?? 0) > 20,
    );
    assert.deepEqual(watched, [1]);
  });

  it("sends to a viewer of its protocol directly, and ends when the viewer does", { timeout: 60_000 }, async () => {
    await using direct = await watchDirectly(["view"]);
    const watching = watched.at(-1) ?? 0;
    direct.viewer.say("end_watch", { session_id: direct.session_id });
    await until("the agent sends to one less", async () => watched.at(-1) === watching - 1);
  });

  it("plays what somebody says who watches directly and may talk, and nobody else", { timeout: 60_000 }, async (t) => {
    await using mute = await watchDirectly(["view"]);
    assert.equal(await mute.peer.asked.audible, false);
    await using talker = await watchDirectly(["view", "talk"]);
    assert.equal(await talker.peer.asked.audible, true);
    assert.deepEqual(played, []);
    const beganMs = systemClock.wallMs();
    using _speaking = every(systemClock, 20, () => talker.peer.speak());
    await until("it is played", async () => played.length > 25);
    t.diagnostic(`first packet to loudspeaker, directly: ${((played[0] ?? 0) - beganMs).toFixed(0)} ms`);
    assert.ok((played[0] ?? 0) - beganMs < 1000);
  });

  it("publishes by WHIP all the time, and ends its session when it ends", { timeout: 60_000 }, async () => {
    const { httpUrl, hub } = rig.running;
    await using folder = await temporaryFolder();
    const media = ["--source", "test:?size=320x180&fps=20&gop=1", "--mic", "test"];
    const state = ["--state", join(folder.path, "agent.json")];
    const agent = startAgentProcess(["--whip", `${httpUrl}whip/field`, ...state, ...media]);
    try {
      await until("it is live", async () => hub.devices.get("field")?.state.phase === "live");
      const field = hub.devices.get("field");
      const coming = () => (["video", "audio"] as const).map((kind) => field?.track(kind)?.counters.frames ?? 0);
      await until("pictures and sound come", async () => coming().every((frames) => frames > 20));
    } finally {
      await agent[Symbol.asyncDispose]();
    }
    assert.equal(hub.devices.get("field")?.state.phase, "away");
  });
});
