import assert from "node:assert/strict";
import { test } from "node:test";
import { CameraAgent, CaptureSource } from "../../src/endpoints/agent/index.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { createConverter } from "../../src/workers/ffmpeg/index.ts";
import { createWebRtcWorker } from "../../src/workers/webrtc/index.ts";
import { createPublishWorker } from "../../src/workers/webrtc/publish.ts";
import { startLossyRelay } from "../e2e/lossy-relay.ts";
import { startAgentBackend } from "../peers/agent-backend.ts";

const clock = systemClock;
const log = silentLog;
const limits = { minBps: 300_000, maxBps: 2_500_000 };
/** A webcam in the rain: it needs all that it is given. */
const url = "testsrc2=size=1280x720:rate=30,noise=alls=30:allf=t,format=yuyv422,realtime";

/** An agent with a webcam, before a backend. */
async function startAgent(backend: string) {
  await using held = new AsyncDisposableStack();
  const converter = held.use(createConverter({ clock, log }));
  const device = { format: "lavfi", url, tries: [{}], widthPx: 1280, heightPx: 720, fps: 30 };
  const source = held.use(new CaptureSource({ converter, device, limits, onOpen: () => {}, clock, log }));
  const webrtc = held.use(createWebRtcWorker({ clock, log, engine: "node" }));
  const told = {
    deviceId: "shed",
    name: undefined,
    token: undefined,
    claims: false,
    onState: () => {},
    onWatched: () => {},
  };
  const agent = new CameraAgent({ ...told, url: backend, source, webrtc, clock, log });
  const stop = new AbortController();
  const running = agent.run(stop.signal);
  held.defer(async () => {
    stop.abort();
    await running;
  });
  return held.move();
}

test("a webcam's bit rate falls while packets are lost, and comes back; viewers get key frames", {
  timeout: 120_000,
}, async (t) => {
  await using backend = await startAgentBackend();
  await using _agent = await startAgent(backend.url);
  await backend.agent;
  await using publishers = createPublishWorker({ clock, log });
  using relay = await startLossyRelay();
  const came = { bytes: 0, keys: 0 };
  const onTrack = () => ({
    write: ({ data, key }: { readonly data: Uint8Array; readonly key: boolean }) => {
      came.bytes += data.length;
      if (key) came.keys++;
    },
    updateFormat: () => {},
  });
  await using peer = await publishers.ask({ onTrack });
  const session = backend.watch();
  session.say("signal_offer", { sdp: { type: "offer", sdp: peer.offerSdp } });
  const { sdp } = (await session.next("signal_answer")).payload as { readonly sdp: { readonly sdp: string } };
  await peer.answered(relay.reroute(sdp.sdp));
  /** kbit/s over the last two of so many seconds. */
  const after = async (seconds: number) => {
    await clock.sleep((seconds - 2) * 1000);
    const before = came.bytes;
    await clock.sleep(2000);
    return ((came.bytes - before) * 8) / 2000;
  };
  const well = await after(14);
  relay.loss = 0.2;
  const lossy = await after(14);
  relay.loss = 0;
  const again = await after(20);
  t.diagnostic(
    `kbit/s without loss ${well.toFixed(0)}, with 20 % ${lossy.toFixed(0)}, again without ${again.toFixed(0)}; ` +
      `${came.keys} key frames; ${JSON.stringify(relay.counters)}`,
  );
  assert.ok(well > 1800, `${well} kbit/s`);
  assert.ok(lossy < well / 2, `${lossy} kbit/s`);
  assert.ok(again > lossy * 1.8, `${again} kbit/s`);
  assert.ok(came.keys >= 8);
});
