import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { offerSdp, type Person, type Rig, startRig } from "../../../test/web-rig.ts";

const sdp = { "content-type": "application/sdp" };

async function ringing(rig: Rig) {
  await rig.person({ name: "Root", administrator: true });
  const anna = await rig.person({ name: "Anna", grants: [{ scope: "*", rights: ["view", "listen", "talk"] }] });
  const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["talk"] }] });
  const eve = await rig.person({ name: "Eve", grants: [{ scope: "*", rights: ["view", "listen"] }] });
  const { call } = rig.hub.calls.ring({ from: "door" });
  assert.ok(call);
  const post = (as: Person | undefined) =>
    rig.call("POST", `/whep/calls/${call.id}`, { as, headers: sdp, body: offerSdp });
  const act = (as: Person, what: string) => rig.call("POST", `/api/v1/calls/${call.id}/${what}`, { as });
  return { anna, ben, eve, call, post, act };
}

describe("WHEP of a call", () => {
  it("shows the door to who may look, takes their microphone, and goes on when they answer", async () => {
    await using rig = await startRig({ door: "fake://x/?video" });
    const { anna, post, act, call } = await ringing(rig);
    const answer = await post(anna);
    assert.equal(answer.status, 201, answer.text);
    const location = answer.headers.get("location") ?? "";
    assert.match(location, new RegExp(`^/whep/calls/${call.id}/[\\w-]{22}$`));
    const [viewer] = rig.webrtc.viewers;
    assert.equal(viewer?.request.video?.format.codec, "h264");
    assert.equal(viewer?.request.audio?.format.codec, "opus");
    assert.equal(viewer?.request.acceptMicrophone, true);
    assert.equal((await act(anna, "answer")).status, 200);
    assert.equal((await rig.call("DELETE", location, { as: anna })).status, 200);
    assert.equal(rig.hub.calls.get(call.id)?.state, "answered", "the call goes on");
  });

  it("is closed to who may not look before they answer, to strangers of the call, and to all when another answers", async () => {
    await using rig = await startRig({ door: "fake://x/?video" });
    const { anna, ben, eve, post, act } = await ringing(rig);
    assert.equal((await post(undefined)).status, 401);
    assert.equal((await post(eve)).status, 404);
    assert.equal((await post(ben)).status, 404, "no right to look");
    assert.equal((await post(anna)).status, 201);
    assert.equal((await act(ben, "answer")).status, 200);
    await rig.webrtc.viewers[0]?.disposed;
    assert.equal((await post(anna)).status, 404);
    assert.equal((await post(ben)).status, 201);
    assert.equal(rig.webrtc.viewers[1]?.request.video, undefined, "who may only talk sees nothing");
    assert.equal((await act(anna, "join")).status, 200);
    assert.equal((await post(anna)).status, 201);
    assert.equal((await act(ben, "end")).status, 200);
    assert.equal((await act(anna, "end")).status, 200);
    await Promise.all(rig.webrtc.viewers.map(({ disposed }) => disposed));
  });

  it("another person's connection is as good as none", async () => {
    await using rig = await startRig({ door: "fake://x/?video" });
    const { anna, ben, post } = await ringing(rig);
    const location = (await post(anna)).headers.get("location") ?? "";
    assert.equal((await rig.call("DELETE", location, { as: ben })).status, 404);
    const headers = { "content-type": "application/trickle-ice-sdpfrag" };
    const body = "a=mid:0\r\na=candidate:1 1 udp 2130706431 192.168.1.9 54321 typ host\r\n";
    assert.equal((await rig.call("PATCH", location, { as: ben, headers, body })).status, 404);
    assert.equal((await rig.call("PATCH", location, { as: anna, headers, body })).status, 204);
    assert.deepEqual(rig.webrtc.viewers[0]?.candidates.length, 1);
  });
});
