import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { type Person, type Rig, type RigOptions, startRig } from "../../../test/web-rig.ts";
import { AsyncQueue } from "../../util/queue.ts";
import { tokenOf } from "../credential.ts";
import type { HubMessage } from "../page/messages.ts";

const offer = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102\r\na=sendonly\r\n";

/** A call as OBS or GStreamer makes it: without the header of our page. */
const publish = (rig: Rig, token?: string, body = offer) =>
  rig.call("POST", "/whip/yard", {
    headers: {
      "content-type": "application/sdp",
      "x-doorward": "",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body,
  });

/** A hub with an administrator, and the token of a device that was let in. */
async function house(options: RigOptions = {}) {
  const rig = await startRig({}, options);
  const root = await rig.person({ name: "Root", administrator: true });
  assert.equal((await publish(rig)).json.code, "pending");
  const approved = await rig.call("POST", "/api/v1/arrivals/yard", { as: root, body: { name: "Yard", area: "Out" } });
  assert.equal(approved.status, 201, approved.text);
  return { rig, root, token: String(approved.json["token"]), device: approved.json["device"] };
}

/** A page's socket: its messages by type, and the types of all that it was told. */
async function openPage(rig: Rig, { cookie }: Person) {
  const socket = new WebSocket(`${rig.url.replace("http", "ws")}api/v1/events`, { headers: { cookie } });
  const told = new AsyncQueue<HubMessage>({ max: 1000 });
  const said: string[] = [];
  socket.on("message", (data) => {
    const message = JSON.parse(String(data)) as HubMessage;
    said.push(message.type);
    told.push(message);
  });
  await once(socket, "open");
  const messages = told[Symbol.asyncIterator]();
  const next = async <Type extends HubMessage["type"]>(type: Type) => {
    for (;;) {
      const { value } = await messages.next();
      if (value?.type === type) return value as Extract<HubMessage, { type: Type }>;
    }
  };
  return { said, next, [Symbol.asyncDispose]: async () => socket.terminate() };
}

const frame = (key = true) => ({ data: new Uint8Array(8), timestampUs: 0, key });

describe("WHIP", () => {
  it("lists who waits, and shows the device's token once", async () => {
    await using rig = await startRig();
    const root = await rig.person({ name: "Root", administrator: true });
    const anna = await rig.person({ name: "Anna", grants: [{ scope: "*", rights: ["view"] }] });
    assert.equal((await publish(rig)).status, 403);
    const { json } = await rig.call("GET", "/api/v1/arrivals", { as: root });
    const [waiting] = json["waiting"] as { id: string; kind: string; address: string }[];
    assert.deepEqual([waiting?.id, waiting?.kind, waiting?.address], ["yard", "whip", "127.0.0.1"]);
    assert.equal((await rig.call("GET", "/api/v1/arrivals", { as: anna })).status, 403);
    assert.equal((await rig.call("POST", "/api/v1/arrivals/yard", { as: anna, body: {} })).status, 403);
    assert.equal((await rig.call("DELETE", "/api/v1/arrivals/yard", { as: root })).status, 204);
    assert.equal((await publish(rig)).json.code, "refused");
    assert.equal((await rig.call("POST", "/api/v1/arrivals/nobody", { as: root, body: {} })).status, 404);
  });

  it("makes a camera of a publisher that shows its token", async () => {
    const { rig, token, device } = await house();
    await using _rig = rig;
    assert.equal((device as { kind: string }).kind, "whip");
    const answer = await publish(rig, token);
    assert.equal(answer.status, 201, answer.text);
    assert.match(answer.headers.get("location") ?? "", /^\/whip\/yard\/[\w-]{22}$/);
    const [publisher] = rig.webrtc.publishers;
    const track = publisher?.request.onTrack({ kind: "video", codec: "h264", parameterSets: [] });
    track?.write(frame());
    const yard = rig.hub.devices.get("yard");
    assert.equal(yard?.state.phase, "live");
    assert.equal((await publish(rig, `${token}x`)).json.code, "refused");
    const location = answer.headers.get("location") ?? "";
    assert.equal((await rig.call("DELETE", location, { headers: { "x-doorward": "" } })).status, 200);
    assert.equal(await publisher?.closed, "closed");
    assert.equal(yard?.state.phase, "away");
    assert.equal((await rig.call("DELETE", location)).status, 404);
  });

  it("comes back to the same track after a drop, and a newer one takes over", async () => {
    const { rig, token } = await house();
    await using _rig = rig;
    const yard = rig.hub.devices.get("yard");
    const begin = async () => {
      assert.equal((await publish(rig, token)).status, 201);
      const publisher = rig.webrtc.publishers.at(-1);
      const track = publisher?.request.onTrack({ kind: "video", codec: "h264", parameterSets: [] });
      track?.write(frame());
      return { publisher, track };
    };
    const first = await begin();
    const track = yard?.track("video");
    first.publisher?.fail("disconnected");
    await new Promise(setImmediate);
    assert.equal(yard?.state.phase, "away");
    const second = await begin();
    const third = await begin();
    assert.equal(await second.publisher?.closed, "closed");
    assert.deepEqual([yard?.track("video"), yard?.state.phase], [track, "live"]);
    const before = track?.counters.frames;
    second.track?.write(frame());
    assert.equal(track?.counters.frames, before, "what the old one still sends is nobody's");
    third.track?.write(frame());
    assert.equal(track?.counters.frames, (before ?? 0) + 1);
  });

  it("ends at once when the token is taken away, and counts only the newest", async () => {
    const { rig, root, token } = await house();
    await using _rig = rig;
    await publish(rig, token);
    const renewed = await rig.call("POST", "/api/v1/devices/yard/token", { as: root });
    assert.equal(renewed.status, 201, renewed.text);
    assert.equal(await rig.webrtc.publishers[0]?.closed, "closed");
    assert.equal((await publish(rig, token)).json.code, "refused");
    assert.equal((await publish(rig, String(renewed.json["token"]))).status, 201);
    assert.equal((await rig.call("DELETE", "/api/v1/devices/yard/token", { as: root })).status, 204);
    assert.equal(await rig.webrtc.publishers[1]?.closed, "closed");
  });

  it("tells who waits, and how a device is let in, to administrators' pages while they look", async () => {
    await using rig = await startRig();
    const root = await rig.person({ name: "Root", administrator: true });
    const anna = await rig.person({ name: "Anna", grants: [{ scope: "*", rights: ["view"] }] });
    await using page = await openPage(rig, root);
    await using theirs = await openPage(rig, anna);
    await publish(rig);
    const { waiting } = await page.next("waiting");
    assert.deepEqual(
      waiting.map(({ id, kind, address }) => [id, kind, address]),
      [["yard", "whip", "127.0.0.1"]],
    );
    const how = async () => {
      for (;;) {
        const { device } = await page.next("device");
        if (device.arrival?.enrolled) return device.arrival.enrolled;
      }
    };
    await rig.call("POST", "/api/v1/arrivals/yard", { as: root, body: { legacy: true } });
    assert.deepEqual((await page.next("waiting")).waiting, []);
    assert.equal(await how(), "legacy");
    await rig.call("POST", "/api/v1/devices/yard/token", { as: root });
    assert.equal(await how(), "token");
    assert.ok(!theirs.said.includes("waiting"), "a page of somebody else hears nothing of it");
  });

  it("is given back when the offer cannot be served", async () => {
    const { rig, token } = await house();
    await using _rig = rig;
    assert.equal((await publish(rig, token, "v=0\r\n")).json.code, "bad-offer");
    assert.equal(rig.hub.devices.get("yard")?.state.phase, "away");
  });

  it("takes the device from a living publisher for a good offer only", async () => {
    const { rig, token } = await house();
    await using _rig = rig;
    const yard = rig.hub.devices.get("yard");
    assert.equal((await publish(rig, token)).status, 201);
    const [living] = rig.webrtc.publishers;
    const track = living?.request.onTrack({ kind: "video", codec: "h264", parameterSets: [] });
    track?.write(frame());
    for (const [wrong, code] of [
      [await publish(rig, token, "v=0\r\n"), "bad-offer"],
      [await publish(rig, `${token}x`), "refused"],
      [await publish(rig), "refused"],
    ] as const) {
      assert.equal(wrong.json.code, code);
    }
    assert.equal(yard?.state.phase, "live");
    const before = yard?.track("video")?.counters.frames ?? 0;
    track?.write(frame());
    assert.equal(yard?.track("video")?.counters.frames, before + 1, "it goes on");
    const answering = Promise.withResolvers<void>();
    rig.webrtc.hold(answering.promise);
    const newer = publish(rig, token);
    while (rig.webrtc.publishers.length < 2) await new Promise(setImmediate);
    // Its formats are told before it has the device.
    const late = rig.webrtc.publishers[1]?.request.onTrack({ kind: "video", codec: "h264", parameterSets: [] });
    late?.write(frame());
    track?.write(frame());
    assert.equal(yard?.track("video")?.counters.frames, before + 2, "the old one counts until the new one is let in");
    answering.resolve();
    assert.equal((await newer).status, 201);
    assert.equal(await living?.closed, "closed");
    late?.write(frame());
    assert.deepEqual([yard?.track("video")?.counters.frames, yard?.state.phase], [before + 3, "live"]);
  });

  it("lets go of a publisher whose token was taken away while its offer was answered", async () => {
    const { rig, root, token } = await house();
    await using _rig = rig;
    const answering = Promise.withResolvers<void>();
    rig.webrtc.hold(answering.promise);
    const late = publish(rig, token);
    while (rig.webrtc.publishers.length < 1) await new Promise(setImmediate);
    await rig.call("DELETE", "/api/v1/devices/yard/token", { as: root });
    answering.resolve();
    assert.equal((await late).json.code, "pending");
    assert.equal(await rig.webrtc.publishers[0]?.closed, "closed");
    assert.equal(rig.hub.devices.get("yard")?.state.phase, "away");
  });

  it("has so many places: two for each device, three quarters of all for one block of addresses", async () => {
    const { rig, root, token } = await house({ whip: { maxPublishers: 4 } });
    await using _rig = rig;
    const answering = Promise.withResolvers<void>();
    rig.webrtc.hold(answering.promise);
    const three = [publish(rig, token), publish(rig, token), publish(rig, token)];
    const refused = await Promise.race(three);
    assert.deepEqual([refused.status, refused.json.code], [429, "too-many-publishers"]);
    assert.equal(refused.headers.get("retry-after"), "2");
    answering.resolve();
    assert.deepEqual((await Promise.all(three)).map(({ status }) => status).sort(), [201, 409, 429]);
    // The newest has the device, and the others have given their places back.
    const tokens = await Promise.all(
      ["shed", "gate"].map(async (id) => {
        await rig.call("POST", "/api/v1/devices", { as: root, body: { name: id, arrives: "whip" } });
        const made = await rig.call("POST", `/api/v1/devices/${id}/token`, { as: root });
        return { id, token: String(made.json["token"]) };
      }),
    );
    const at = (id: string, as: string) =>
      rig.call("POST", `/whip/${id}`, {
        headers: { "content-type": "application/sdp", "x-doorward": "", authorization: `Bearer ${as}` },
        body: offer,
      });
    for (const one of tokens) {
      const answer = await at(one.id, one.token);
      assert.equal(answer.status, 201, answer.text);
    }
    assert.equal((await publish(rig, token)).json.code, "too-many-publishers");
    rig.webrtc.publishers.at(-1)?.fail("disconnected");
    await new Promise(setImmediate);
    assert.equal((await publish(rig, token)).status, 201);
  });

  it("takes the token as Bearer or as the password of Basic", () => {
    assert.equal(tokenOf("Bearer dwd_abc-_1"), "dwd_abc-_1");
    assert.equal(tokenOf(`Basic ${Buffer.from("yard:dwd_abc").toString("base64")}`), "dwd_abc");
    for (const none of [undefined, "", "Bearer", "Basic Zm9v", "Digest x", `Bearer ${"x".repeat(600)}`]) {
      assert.equal(tokenOf(none), undefined);
    }
  });
});
