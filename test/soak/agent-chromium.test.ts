import assert from "node:assert/strict";
import { join } from "node:path";
import { it } from "node:test";
import type { Grant } from "../../src/identity/policy.ts";
import { startAgentProcess } from "../e2e/agent-process.ts";
import { startRig, until } from "../e2e/hub-rig.ts";
import { openBrowser, temporaryFolder } from "../e2e/page-browser.ts";

// Chromium as a viewer of our agent by the agents' protocol, whose messages a small page speaks by hand.

/** All that a viewer is told in any message. */
interface Told {
  readonly session_id: string;
  readonly ice_servers: RTCIceServer[];
  readonly sdp: RTCSessionDescriptionInit;
  readonly candidate: RTCIceCandidateInit | null;
}

/** What the page does, in the browser: watches a device, and keeps its video where the test finds it. */
function watch({ url, token, id }: { readonly url: string; readonly token: string; readonly id: string }): void {
  const socket = new WebSocket(url);
  const say = (type: string, payload: object) =>
    socket.send(JSON.stringify({ type, ts: new Date().toISOString(), payload }));
  const peer = new RTCPeerConnection();
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  document.body.append(video);
  Object.assign(window, { video, peer, told: [] as string[] });
  const told = (window as unknown as { told: string[] }).told;
  peer.ontrack = ({ streams }) => {
    video.srcObject = streams[0] ?? null;
  };
  let session = "";
  peer.onicecandidate = ({ candidate }) => say("signal_ice", { session_id: session, candidate });
  const answers: Record<string, (payload: Told) => Promise<void> | void> = {
    hello_ack: () => say("watch_request", { device_id: id }),
    watch_ready: async ({ session_id, ice_servers }) => {
      session = session_id;
      peer.setConfiguration({ iceServers: ice_servers });
      peer.addTransceiver("video", { direction: "recvonly" });
      peer.addTransceiver("audio", { direction: "recvonly" });
      await peer.setLocalDescription();
      say("signal_offer", { session_id, sdp: peer.localDescription ?? {} });
    },
    signal_answer: ({ sdp }) => peer.setRemoteDescription(sdp),
    signal_ice: async ({ candidate }) => {
      if (candidate) await peer.addIceCandidate(candidate);
    },
  };
  socket.onopen = () => say("hello", { token });
  socket.onmessage = async ({ data }) => {
    const { type, payload } = JSON.parse(String(data)) as { type: string; payload: Told };
    told.push(type);
    await answers[type]?.(payload);
  };
}

it("Chromium watches our agent by the protocol's messages, peer to peer, and the agent rests when it is closed", {
  timeout: 90_000,
}, async (t) => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder()).path;
  const rig = stack.use(await startRig("enrolment: open\nsignalling: { port: 0 }\ndevices: {}\n"));
  const backend = rig.running.addresses.find((one) => one.startsWith("ws://") && one.endsWith("/ws/device")) ?? "";
  const source = ["--source", "test:?size=640x360&fps=25&gop=1&tone=440", "--state", join(folder, "agent.json")];
  const agent = stack.use(startAgentProcess(["--backend", backend, "--device-id", "shed", ...source]));
  await until("the agent is there", async () => rig.running.hub.devices.get("shed"));
  const { credentials, users } = rig.running.hub.identity;
  const grants: Grant[] = [{ scope: "*", rights: ["view", "listen"] }];
  const { secret } = await credentials.makeToken(users.list()[0]?.id ?? "", { name: "chromium", grants });
  const browser = stack.use(await openBrowser({ profileDir: join(folder, "profile") }));
  const page = await rig.openPage(browser.context, "ca.crt.html");
  const url = rig.running.httpUrl.replace(/^http/, "ws");
  const beganMs = performance.now();
  await page.evaluate(watch, { url: `${url}ws/viewer`, token: secret, id: "shed" });
  const frames = () =>
    page.evaluate(() => {
      const { video } = window as unknown as { video: HTMLVideoElement };
      return video.videoWidth === 640 ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
    });
  await until("it sees", async () => (await frames()) > 0);
  t.diagnostic(`first picture ${(performance.now() - beganMs).toFixed(0)} ms after the page began`);
  await until("it goes on", async () => (await frames()) > 50);
  assert.match(agent.said(), /1 watches/);
  await page.close();
  await until("the agent rests", async () => /nobody watches/.test(agent.said()));
});
