import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type SignallingPeer, signallingPeer } from "../../../test/peers/signalling-peer.ts";
import {
  answerOf as answer,
  signallingHouse as house,
  offerOf as offer,
  watching,
} from "../../../test/signalling-house.ts";
import { offerSdp, videoFormat } from "../../../test/web-rig.ts";
import { ManualClock } from "../../util/clock.ts";

/** Whatever was sent to and by these is there: they said something after it, and were answered. */
async function settled(...peers: readonly SignallingPeer[]): Promise<void> {
  for (const peer of peers) {
    peer.say("heartbeat");
    await peer.next("heartbeat_ack");
  }
}

describe("signalling of camera agents", () => {
  it("brings an agent and a viewer together: request, offer, answer, candidates both ways, end", async () => {
    await using home = await house();
    const { agent, viewer, ready, session } = await watching(home);
    assert.deepEqual(
      [ready.request_id, ready.payload["session_id"], ready.payload["ice_servers"]],
      ["r1", session, []],
    );
    viewer.say("signal_offer", offer(session));
    assert.deepEqual((await agent.next("signal_offer")).payload, offer(session));
    const candidate = { candidate: "candidate:1 1 UDP 1 192.0.2.1 5000 typ host", sdpMid: "0", sdpMLineIndex: 0 };
    agent.say("signal_ice", { session_id: session, candidate });
    agent.say("signal_answer", answer(session));
    assert.deepEqual((await viewer.next("signal_ice")).payload["candidate"], candidate);
    assert.deepEqual((await viewer.next("signal_answer")).payload, answer(session));
    viewer.say("signal_ice", { session_id: session, candidate: null });
    assert.equal((await agent.next("signal_ice")).payload["candidate"], null);
    viewer.say("end_watch", { session_id: session });
    assert.deepEqual((await agent.next("watch_ended")).payload, { session_id: session, reason: "user_ended" });
  });

  it("lets a second connection of a device take over, and the end of the first changes nothing", async () => {
    await using home = await house();
    const first = await home.agent({ device_id: "shed" });
    await first.next("hello_ack");
    const second = await home.agent({ device_id: "shed" });
    await second.next("hello_ack");
    assert.equal((await first.closed).code, 4001);
    assert.deepEqual((await home.get("/api/devices/shed/status")).json["is_online"], true);
    const viewer = await home.viewer(await home.token("ann"));
    viewer.say("watch_request", { device_id: "shed" });
    await second.next("watch_request");
  });

  it("acknowledges a second hello of a connection again, and takes a hurried one for no second device", async () => {
    await using home = await house();
    const agent = await home.agent({ device_id: "shed" });
    agent.say("hello", { device_id: "shed" });
    await agent.next("hello_ack");
    agent.say("hello", { device_id: "barn" }, "again");
    const { payload, request_id } = await agent.next("hello_ack");
    assert.deepEqual([payload["device_id"], request_id], ["shed", "again"]);
    assert.equal(home.rig.hub.devices.get("barn"), undefined);
  });

  it("does not let two agents of one name take each other's place again and again", async () => {
    await using home = await house();
    const first = await home.agent({ device_id: "shed" });
    await first.next("hello_ack");
    const yielding = await home.agent({ device_id: "shed", yields: true });
    assert.equal((await yielding.next("error")).payload["code"], "taken");
    assert.equal((await yielding.closed).code, 4001);
    first.say("heartbeat");
    await first.next("heartbeat_ack");
    await first[Symbol.asyncDispose]();
    await (await home.agent({ device_id: "shed", yields: true })).next("hello_ack");
  });

  it("refuses every message about a session that is another's", async () => {
    await using home = await house();
    const { agent, viewer, session } = await watching(home);
    const bob = await home.viewer(await home.token("bob"));
    const other = await home.agent({ device_id: "barn" });
    await Promise.all([bob.next("hello_ack"), other.next("hello_ack")]);
    const ice = { session_id: session, candidate: null };
    for (const [peer, type, payload] of [
      [bob, "signal_offer", offer(session)],
      [bob, "signal_ice", ice],
      [bob, "end_watch", { session_id: session }],
      [other, "signal_answer", answer(session)],
      [other, "signal_ice", ice],
      [other, "end_watch", { session_id: session }],
    ] as const) {
      peer.say(type, payload, type);
      const refused = await peer.next("error");
      assert.deepEqual([refused.payload["code"], refused.request_id], ["no-session", type]);
    }
    viewer.say("signal_offer", offer(session));
    await agent.next("signal_offer");
    assert.deepEqual(
      [agent, viewer].flatMap(({ told }) => told.filter(({ type }) => type === "watch_ended" || type === "error")),
      [],
    );
  });

  it("shows no device to whoever may not see it, and tells an offline one from it", async () => {
    await using home = await house();
    const agent = await home.agent({ device_id: "shed" });
    await agent.next("hello_ack");
    const stranger = await home.viewer(await home.token("eve", []));
    stranger.say("watch_request", { device_id: "shed" }, "r");
    const refused = await stranger.next("error");
    assert.deepEqual([refused.payload, refused.request_id], [{ message: "Device not found", code: "not-found" }, "r"]);
    await agent[Symbol.asyncDispose]();
    const ann = await home.viewer(await home.token("ann"));
    ann.say("watch_request", { device_id: "shed" });
    assert.equal((await ann.next("error")).payload["code"], "offline");
    assert.ok(agent.told.every(({ type }) => type !== "watch_request"));
  });

  it("tells the viewer when the device goes, and the device when the viewer goes, also before an offer", async () => {
    await using home = await house();
    const { agent, viewer, session } = await watching(home);
    agent.socket.terminate();
    assert.deepEqual((await viewer.next("watch_ended")).payload, {
      session_id: session,
      reason: "device_disconnected",
    });
    const back = await home.agent({ device_id: "shed" });
    await back.next("hello_ack");
    viewer.say("watch_request", { device_id: "shed" });
    const again = (await back.next("watch_request")).payload["session_id"];
    viewer.socket.terminate();
    assert.deepEqual((await back.next("watch_ended")).payload, { session_id: again, reason: "viewer_disconnected" });
  });

  it("keeps tabs of one person apart", async () => {
    await using home = await house();
    const agent = await home.agent({ device_id: "shed" });
    await agent.next("hello_ack");
    const token = await home.token("ann");
    const [one, two] = [await home.viewer(token), await home.viewer(token)];
    one.say("watch_request", { device_id: "shed" });
    const first = (await agent.next("watch_request")).payload["session_id"];
    two.say("watch_request", { device_id: "shed" });
    await agent.next("watch_request");
    agent.say("signal_answer", answer(first));
    await one.next("signal_answer");
    await two[Symbol.asyncDispose]();
    await agent.next("watch_ended");
    assert.ok(one.told.every(({ type }) => type !== "watch_ended"));
    assert.ok(two.told.every(({ type }) => type !== "signal_answer"));
  });

  it("shows viewers of its protocol the cameras that are no agents, too", async () => {
    await using home = await house();
    const viewer = await home.viewer(await home.token("ann"));
    viewer.say("watch_request", { device_id: "yard" });
    const session = (await viewer.next("watch_ready")).payload["session_id"];
    viewer.say("signal_offer", offer(session, offerSdp));
    const told = await viewer.next("signal_answer");
    assert.match(String((told.payload["sdp"] as { sdp: string }).sdp), /m=video/);
    viewer.say("end_watch", { session_id: session });
    await home.rig.webrtc.viewers[0]?.disposed;
  });

  it("asks an agent for its picture when somebody wants the device, and lets it rest afterwards", async () => {
    const clock = new ManualClock();
    await using home = await house({ clock });
    const agent = await home.agent({ device_id: "shed" });
    await agent.next("hello_ack");
    const device = home.rig.hub.devices.get("shed");
    assert.equal(device?.state.phase, "idle");
    const demand = device?.demand();
    const asked = await agent.next("watch_request");
    assert.equal(asked.payload["user_id"], "hub");
    const session = (await agent.next("signal_offer")).payload["session_id"];
    agent.say("signal_answer", answer(session));
    agent.say("heartbeat", {}, "h");
    assert.equal((await agent.next("heartbeat_ack")).request_id, "h");
    assert.match(JSON.stringify((await agent.next("signal_ice")).payload), /192\.0\.2\.1/);
    const [fake] = home.rig.webrtc.asking;
    assert.deepEqual(fake?.answers, ["v=0\r\nanswer"]);
    fake?.onTrack(videoFormat).write({ data: new Uint8Array([0, 0, 0, 1, 0x65]), timestampUs: 0, key: true });
    assert.equal(device?.state.phase, "live");
    demand?.[Symbol.dispose]();
    await clock.advance(10_000);
    await fake?.closed;
    await agent.next("watch_ended");
    assert.equal(device?.state.phase, "idle");
  });

  it("lets an unknown device wait, and in with its own token once it was approved", async () => {
    await using home = await house({ open: false });
    const hello = { device_id: "shed", device_name: "Garden shed", token: "dwd_own", claims: true };
    const waiting = await home.agent(hello);
    assert.equal((await waiting.next("error")).payload["code"], "pending");
    assert.equal((await waiting.closed).code, 4003);
    assert.deepEqual(
      home.rig.hub.reception.waiting().map(({ id, name }) => [id, name]),
      [["shed", "Garden shed"]],
    );
    await home.rig.hub.reception.approve("shed", { by: "test" });
    const agent = await home.agent(hello);
    await agent.next("hello_ack");
    const thief = await home.agent({ device_id: "shed", token: "dwd_other" });
    assert.equal((await thief.next("error")).payload["code"], "refused");
    assert.deepEqual(await thief.closed, { code: 1008, reason: "Invalid token" });
    const camera = await home.agent({ device_id: "yard" });
    assert.equal((await camera.next("error")).payload["code"], "pending");
    agent.say("heartbeat");
    await agent.next("heartbeat_ack");
  });

  it("closes as the seed says where somebody does not say who they are", async () => {
    await using home = await house();
    const closing = async (peer: Promise<SignallingPeer>) => await (await peer).closed;
    assert.deepEqual(await closing(home.agent({})), { code: 1008, reason: "Missing device_id" });
    assert.deepEqual(await closing(home.agent({ device_id: "yard" })), { code: 1008, reason: "Device not found" });
    assert.deepEqual(await closing(home.agent({ device_id: "___" })), { code: 1008, reason: "Device not found" });
    assert.deepEqual(await closing(home.viewer("dwt_wrong")), { code: 1008, reason: "Invalid token" });
    const url = home.http.replace("http:", "ws:");
    const silent = await signallingPeer(`${url}/ws/viewer`, { hello: {} });
    assert.deepEqual(await silent.closed, { code: 1008, reason: "Missing token" });
    const early = await signallingPeer(`${url}/ws/device`);
    early.say("heartbeat");
    assert.deepEqual(await early.closed, { code: 1008, reason: "Expected hello message" });
  });

  it("answers what it does not understand with a sentence, and goes on", async () => {
    await using home = await house();
    const agent = await home.agent({ device_id: "shed" });
    await agent.next("hello_ack");
    for (const text of ["{", "[]", '{"type":"signal_answer","payload":{}}', '{"type":3}']) {
      agent.socket.send(text);
      assert.equal((await agent.next("error")).payload["code"], "bad-message");
    }
    agent.socket.send('{"type":"signal_ice","payload":{},"request_id":"mine"}');
    assert.equal((await agent.next("error")).request_id, "mine");
    agent.say("__proto__");
    agent.say("of the future", { a: 1 });
    agent.say("heartbeat");
    await agent.next("heartbeat_ack");
  });

  it("offers an agent's loudspeaker to the hub, and tells it who may speak there", async () => {
    await using home = await house();
    const agent = await home.agent({ device_id: "shed", speaker: true, echo_cancelling: true });
    await agent.next("hello_ack");
    const device = home.rig.hub.devices.get("shed");
    assert.equal(device?.speaker?.echoCancelling, true);
    using _demand = device?.demand();
    const { hub, talk } = (await agent.next("watch_request")).payload;
    assert.deepEqual([hub, talk, home.rig.webrtc.asking[0]?.sound?.format.codec], [true, true, "opus"]);
    for (const [name, rights] of [
      ["ann", ["view", "talk"]],
      ["ben", ["view"]],
    ] as const) {
      const viewer = await home.viewer(await home.token(name, [{ scope: "*", rights: [...rights] }]));
      await viewer.next("hello_ack");
      viewer.say("watch_request", { device_id: "shed" });
      const asked = (await agent.next("watch_request")).payload;
      assert.deepEqual([asked["hub"], asked["talk"]], [undefined, name === "ann"]);
    }
    const mute = await home.agent({ device_id: "barn" });
    await mute.next("hello_ack");
    assert.equal(home.rig.hub.devices.get("barn")?.speaker, undefined);
  });

  it("ends a session that nobody answers, at both ends", async () => {
    const clock = new ManualClock();
    await using home = await house({ clock });
    const { agent, viewer, session } = await watching(home);
    await clock.advance(59_999);
    await settled(agent, viewer);
    assert.ok([agent, viewer].every(({ told }) => told.every(({ type }) => type !== "watch_ended")));
    await clock.advance(1);
    for (const peer of [agent, viewer]) {
      assert.deepEqual((await peer.next("watch_ended")).payload, { session_id: session, reason: "timeout" });
    }
  });

  it("lets an answered session last, and tells who speaks in it later that it is over", async () => {
    const clock = new ManualClock();
    await using home = await house({ clock });
    const { agent, viewer, session } = await watching(home);
    viewer.say("signal_offer", offer(session));
    await agent.next("signal_offer");
    agent.say("signal_answer", answer(session));
    await viewer.next("signal_answer");
    for (let s = 0; s < 10; s++) {
      await clock.advance(30_000);
      await settled(agent, viewer);
    }
    agent.socket.terminate();
    await viewer.next("watch_ended");
    viewer.say("signal_offer", offer(session), "late");
    const { payload, request_id } = await viewer.next("error");
    assert.deepEqual([payload["code"], payload["session_id"], request_id], ["no-session", session, "late"]);
    viewer.say("watch_request", { device_id: "shed" }, "again");
    assert.deepEqual((await viewer.next("error")).payload, { message: "Device is offline", code: "offline" });
  });

  it("pings every 25 s, and takes who says nothing for 90 s for gone, whatever its sockets answer", async () => {
    const clock = new ManualClock();
    await using home = await house({ clock });
    const { agent, viewer } = await watching(home);
    let pings = 0;
    agent.socket.on("ping", () => pings++);
    await clock.advance(60_000);
    await settled(viewer);
    await clock.advance(29_999);
    await settled(viewer);
    assert.equal(home.rig.hub.devices.get("shed")?.state.phase, "idle");
    await clock.advance(1);
    assert.deepEqual(await agent.closed, { code: 1001, reason: "No heartbeat" });
    assert.equal(pings, 3);
    assert.equal((await home.get("/api/devices/shed/status")).json["is_online"], false);
  });

  it("knows a device that vanished without a word for offline, and one that nobody saw since the hub began", async () => {
    await using home = await house();
    const online = async () => (await home.get("/api/devices/shed/status")).json["is_online"];
    await home.rig.hub.devices.addTransient({ id: "shed", name: "Shed", arrives: "agent" });
    assert.deepEqual((await home.get("/api/devices/shed/status")).json, {
      device_id: "shed",
      is_online: false,
      last_seen: null,
    });
    const agent = await home.agent({ device_id: "shed" });
    await agent.next("hello_ack");
    assert.equal(await online(), true);
    const viewer = await home.viewer(await home.token("ann"));
    viewer.say("watch_request", { device_id: "shed" });
    await viewer.next("watch_ready");
    agent.socket.terminate();
    await viewer.next("watch_ended");
    assert.equal(await online(), false);
  });

  for (const [hub, device, wish, how] of [
    ["direct", "auto", undefined, "direct"],
    ["relayed", "auto", undefined, "relayed"],
    ["relayed", "auto", false, "direct"],
    ["direct", "auto", true, "relayed"],
    ["relayed", "direct", undefined, "direct"],
    ["relayed", "direct", true, "relayed"],
    ["direct", "relayed", undefined, "relayed"],
    ["direct", "relayed", false, "relayed"],
  ] as const) {
    it(`is ${how} where the hub says ${hub}, the device ${device} and the viewer wishes relayed: ${wish}`, async () => {
      await using home = await house({ signalling: { watch: hub } });
      const agent = await home.agent({ device_id: "shed" });
      await agent.next("hello_ack");
      await home.rig.hub.devices.update("shed", { watch: device });
      const viewer = await home.viewer(await home.token("ann"));
      viewer.say("watch_request", { device_id: "shed", ...(wish !== undefined && { relayed: wish }) });
      const ready = await viewer.next("watch_ready");
      assert.equal(ready.payload["relayed"], how === "relayed");
      viewer.say("signal_offer", offer(ready.payload["session_id"], offerSdp));
      const asked = await agent.next("watch_request");
      // Relayed, the one that asks is the hub, in a session of its own.
      assert.equal(asked.payload["user_id"] === "hub", how === "relayed");
      assert.equal(asked.payload["session_id"] === ready.payload["session_id"], how === "direct");
    });
  }
});
