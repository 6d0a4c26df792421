import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { signallingPeer } from "../../../test/peers/signalling-peer.ts";
import { offerSdp, type Rig, startRig } from "../../../test/web-rig.ts";
import type { Right } from "../../identity/policy.ts";
import { every } from "../../util/every.ts";

const rigOf = () =>
  startRig({ yard: "fake://x/?video&audio&speaker" }, { enrolment: "open", signalling: { port: 0, watch: "relayed" } });

/** A viewer of the agents' protocol with these rights, in a session with a device. */
async function watching(rig: Rig, how: { readonly device: string; readonly rights: readonly Right[] }) {
  const { users, credentials } = rig.identity;
  const grants = [{ scope: "*", rights: [...how.rights] }];
  const { id } = await users.create({ name: how.rights.join("-"), administrator: false, grants });
  const token = (await credentials.makeToken(id, { name: "test", grants })).secret;
  const address = rig.web.addresses.find((one) => one.endsWith("/ws/device")) ?? "";
  const viewer = await signallingPeer(address.replace("/device", "/viewer"), { hello: { token } });
  await viewer.next("hello_ack");
  viewer.say("watch_request", { device_id: how.device });
  const { session_id } = (await viewer.next("watch_ready")).payload;
  return { viewer, session_id };
}

describe("a viewer of the agents' protocol that speaks in a relayed session", () => {
  it("is heard there under the hub's floor control, until it lets go", async () => {
    await using rig = await rigOf();
    const { viewer, session_id } = await watching(rig, { device: "yard", rights: ["view", "talk"] });
    await using _viewer = viewer;
    viewer.say("signal_offer", { session_id, sdp: { type: "offer", sdp: offerSdp } });
    await viewer.next("signal_answer");
    const say = () => {
      const timestampUs = rig.hub.clock.nowUs();
      rig.webrtc.viewers[0]?.say({ data: Uint8Array.of(0xf8, 0xff, 0xfe), timestampUs, durationUs: 20_000, key: true });
    };
    using _speaking = every(rig.hub.clock, 20, say);
    viewer.say("talk_request", { session_id });
    assert.deepEqual((await viewer.next("talk_state")).payload, { session_id, state: "granted" });
    assert.equal(rig.hub.turns.holder("yard").holder?.name, "view-talk");
    while (rig.camera.heard.length < 3) await new Promise((resolve) => setImmediate(resolve));
    viewer.say("talk_end", { session_id });
    const { state, reason } = (await viewer.next("talk_state")).payload;
    assert.deepEqual([state, reason], ["released", "done"]);
  });

  it("is told why it cannot speak: without the right, without a microphone, in a direct session, in another's", async () => {
    await using rig = await rigOf();
    const mute = await watching(rig, { device: "yard", rights: ["view"] });
    await using _mute = mute.viewer;
    mute.viewer.say("talk_request", { session_id: mute.session_id });
    assert.equal((await mute.viewer.next("talk_state")).payload["reason"], "forbidden");
    const early = await watching(rig, { device: "yard", rights: ["view", "talk"] });
    await using _early = early.viewer;
    early.viewer.say("talk_request", { session_id: early.session_id });
    assert.match(String((await early.viewer.next("talk_state")).payload["reason"]), /no microphone/);
    early.viewer.say("talk_request", { session_id: mute.session_id });
    assert.equal((await early.viewer.next("error")).payload["code"], "no-session");
    const address = rig.web.addresses.find((one) => one.endsWith("/ws/device")) ?? "";
    await using agent = await signallingPeer(address, { hello: { device_id: "shed", speaker: true } });
    await agent.next("hello_ack");
    early.viewer.say("watch_request", { device_id: "shed", relayed: false });
    const { session_id } = (await early.viewer.next("watch_ready")).payload;
    early.viewer.say("talk_request", { session_id });
    assert.match(String((await early.viewer.next("talk_state")).payload["reason"]), /^direct/);
  });
});
