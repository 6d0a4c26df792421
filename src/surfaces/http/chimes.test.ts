import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { everything, type Person, type Rig, startRig } from "../../../test/web-rig.ts";
import { writeWav } from "../../codecs/wav/index.ts";
import type { Ring } from "../../hub/rings.ts";

const house = { front: "fake://x/?video&speaker&area=House", yard: "fake://x/?video&speaker&area=House" };
const wav = writeWav(new Int16Array(8000).fill(500), { sampleRateHz: 8000 });

async function people(rig: Rig) {
  const root = await rig.person({ name: "Root", administrator: true });
  const guest = await rig.person({ name: "Guest", grants: [{ scope: "device:front", rights: ["view", "talk"] }] });
  return { root, guest };
}

async function add(rig: Rig, as: Person, what: { readonly name: string; readonly wav: Uint8Array }) {
  const answer = await fetch(new URL(`/api/v1/chimes?name=${encodeURIComponent(what.name)}`, rig.url), {
    method: "POST",
    headers: { cookie: as.cookie, "x-doorward": "1", "content-type": "application/octet-stream" },
    body: new Uint8Array(what.wav),
  });
  return { status: answer.status, json: (await answer.json()) as { code?: string; detail?: string; name?: string } };
}

const names = async (rig: Rig, as: Person) => {
  const { json } = await rig.call("GET", "/api/v1/chimes", { as });
  return (json["chimes"] as readonly { readonly name: string }[]).map(({ name }) => name);
};

describe("chimes", () => {
  it("are added and removed by administrators, and listed for whoever is signed in", async () => {
    await using rig = await startRig(house);
    const { root, guest } = await people(rig);
    assert.deepEqual(await names(rig, guest), ["doorbell", "gong", "alert"]);
    assert.equal((await add(rig, guest, { name: "Ding", wav })).status, 403);
    assert.deepEqual(await add(rig, root, { name: "Ding Dong", wav }), {
      status: 201,
      json: { name: "Ding Dong", builtIn: false, seconds: 1 },
    });
    assert.deepEqual(await names(rig, guest), ["doorbell", "gong", "alert", "Ding Dong"]);
    assert.equal((await rig.call("DELETE", "/api/v1/chimes/Ding%20Dong", { as: guest })).status, 403);
    assert.equal((await rig.call("DELETE", "/api/v1/chimes/ding%20dong", { as: root })).status, 204);
    assert.equal((await rig.call("DELETE", "/api/v1/chimes/ding", { as: root })).status, 404);
    assert.equal((await rig.call("DELETE", "/api/v1/chimes/doorbell", { as: root })).status, 409);
    assert.deepEqual(await names(rig, guest), ["doorbell", "gong", "alert"]);
  });

  it("are added and removed by a program with a token, as the command line is one", async () => {
    await using rig = await startRig(house);
    const { root } = await people(rig);
    const { secret } = await rig.identity.credentials.makeToken(root.id, { name: "t", grants: everything });
    const authorization = `Bearer ${secret}`;
    const added = await fetch(new URL("/api/v1/chimes?name=Ding", rig.url), {
      method: "POST",
      headers: { authorization, "content-type": "application/octet-stream" },
      body: new Uint8Array(wav),
    });
    assert.equal(added.status, 201);
    const removed = await rig.call("DELETE", "/api/v1/chimes/Ding", { headers: { authorization } });
    assert.equal(removed.status, 204);
  });

  it("are refused with a sentence when they are too large, no WAV file, or cannot be called so", async () => {
    await using rig = await startRig(house);
    const { root } = await people(rig);
    const cases = [
      [{ name: "Ding", wav: new Uint8Array(5 * 2 ** 20 + 1) }, 413, /larger than 5 MiB/],
      [{ name: "Ding", wav: new Uint8Array(1000) }, 422, /no WAV file/],
      [{ name: "../etc", wav }, 422, /a chime's name has/],
      [{ name: "doorbell", wav }, 422, /one of the hub's own/],
    ] as const;
    for (const [what, status, sentence] of cases) {
      const answer = await add(rig, root, what);
      assert.equal(answer.status, status);
      assert.match(answer.json.detail ?? "", sentence);
    }
    assert.equal((await names(rig, root)).length, 3);
  });

  it("are played at devices", async () => {
    await using rig = await startRig(house);
    const { guest } = await people(rig);
    const say = (chime: string) => rig.call("POST", "/api/v1/say", { as: guest, body: { to: "device:front", chime } });
    assert.equal((await say("Gong")).status, 202);
    assert.ok(rig.camera.heard.length > 0);
    const unknown = await say("nothing");
    assert.deepEqual([unknown.status, unknown.json.code], [422, "no-chime"]);
  });
});

describe("what is said while somebody speaks", () => {
  it("waits in line and is told its place, unless it is not to wait", async () => {
    await using rig = await startRig(house);
    const { root, guest } = await people(rig);
    const voice = rig.hub.voices.open({ owner: "anna" });
    const talk = rig.hub.turns.take({
      to: ["device:front"],
      talker: { id: "anna", name: "Anna" },
      priority: 0,
      queue: false,
      source: { live: true, voice: voice.track },
      onState: () => {},
    });
    const say = (as: Person, more: object) =>
      rig.call("POST", "/api/v1/say", { as, body: { to: "device:front", chime: "doorbell", ...more } });
    const waiting = await say(guest, {});
    assert.equal(waiting.status, 202);
    const { state, position, hearing, holder } = waiting.json as Record<string, unknown>;
    assert.deepEqual([state, position, hearing], ["queued", 1, []]);
    assert.equal((holder as { readonly name: string }).name, "Anna");
    const second = await rig.call("POST", "/api/v1/ring", { as: root, body: { to: "device:front", priority: 0 } });
    assert.deepEqual([second.status, second.json["state"], second.json["position"]], [202, "queued", 2]);
    const refused = await say(root, { queue: false });
    assert.deepEqual([refused.status, refused.json["reason"]], [409, "held"]);
    assert.equal(rig.camera.heard.length, 0);
    assert.equal(rig.hub.turns.holder("front").queued, 2);
    talk.cancel();
    await played(rig);
    assert.ok(rig.camera.heard.length > 0);
  });

  it("is refused when one person has filled their part of the line, with the reason", async () => {
    await using rig = await startRig(house);
    const { root, guest } = await people(rig);
    const voice = rig.hub.voices.open({ owner: "anna" });
    using _talk = rig.hub.turns.take({
      to: ["device:front"],
      talker: { id: "anna", name: "Anna" },
      priority: 0,
      queue: false,
      source: { live: true, voice: voice.track },
      onState: () => {},
    });
    const ring = (as: Person) => rig.call("POST", "/api/v1/ring", { as, body: { to: "device:front", priority: 0 } });
    for (let n = 0; n < 8; n++) assert.equal((await ring(guest)).status, 202);
    const full = await ring(guest);
    assert.deepEqual([full.status, full.json["reason"]], [409, "queue-full"]);
    assert.match(String(full.json["detail"]), /too much waits/);
    assert.equal((await ring(root)).status, 202, "others still have their part");
  });
});

describe("ringing a room", () => {
  it("plays the chime there and tells who is calling", async () => {
    await using rig = await startRig(house);
    const { guest, root } = await people(rig);
    using _connected = connected(rig);
    const rings: Ring[] = [];
    using _listener = rig.hub.rings.onRing((ring) => rings.push(ring));
    const answer = await rig.call("POST", "/api/v1/ring", { as: guest, body: { to: "area:House" } });
    assert.equal(answer.status, 202);
    assert.deepEqual(answer.json, { state: "granted", deviceIds: ["front"], chime: "doorbell" });
    const [{ caller, deviceIds, to, chime } = {} as Ring] = rings;
    assert.deepEqual([caller, deviceIds, to, chime], ["Guest", ["front"], ["area:House"], "doorbell"]);
    await played(rig);
    assert.ok(rig.camera.heard.length > 0);
    const other = await rig.call("POST", "/api/v1/ring", { as: root, body: { to: ["device:yard"], chime: "GONG" } });
    assert.equal(other.json["chime"], "gong");
  });

  it("is refused for an unknown room, a forbidden one and an unknown chime, and never rings another", async () => {
    await using rig = await startRig(house);
    const { guest } = await people(rig);
    let rings = 0;
    using _listener = rig.hub.rings.onRing(() => rings++);
    const ring = async (body: object) => (await rig.call("POST", "/api/v1/ring", { as: guest, body })).status;
    assert.equal(await ring({ to: "device:nowhere" }), 404);
    assert.equal(await ring({ to: "device:yard" }), 404);
    assert.equal(await ring({ to: "device:front", chime: "nothing" }), 422);
    assert.equal(rings, 0);
    assert.equal(rig.camera.heard.length, 0);
  });

  it("leaves alone who is not to be disturbed, but for an emergency", async () => {
    await using rig = await startRig(house);
    const { root } = await people(rig);
    using _connected = connected(rig);
    await rig.hub.devices.update("front", { doNotDisturb: true });
    const ring = (to: string, priority?: number) =>
      rig.call("POST", "/api/v1/ring", { as: root, body: { to, ...(priority !== undefined && { priority }) } });
    const refused = await ring("device:front");
    assert.deepEqual([refused.status, refused.json["reason"]], [409, "do-not-disturb"]);
    assert.deepEqual((await ring("area:House")).json["deviceIds"], ["yard"]);
    assert.deepEqual((await ring("device:front", 2)).json["deviceIds"], ["front"]);
  });
});

/** Keeps the cameras connected, so that it is known that they have speakers. */
function connected(rig: Rig): Disposable {
  const held = new DisposableStack();
  for (const device of rig.hub.devices.list()) held.use(device.demand());
  return held;
}

/** Until nobody speaks or waits at the front any more. */
async function played(rig: Rig): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => {
    const { holder, queued } = rig.hub.turns.holder("front");
    if (!holder && queued === 0) resolve();
  };
  using _listener = rig.hub.turns.onChange(look);
  look();
  await promise;
}
