import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { everything, offerSdp, type Person, type Rig, startRig } from "../../../test/web-rig.ts";
import { AsyncQueue } from "../../util/queue.ts";
import type { HubMessage } from "./messages.ts";

/** A page: what it is told, in order. */
async function openPage(rig: Rig, as: Person | undefined, headers: Record<string, string> = {}) {
  const socket = new WebSocket(`${rig.url.replace("http", "ws")}api/v1/events`, {
    headers: { ...(as && { cookie: as.cookie }), ...headers },
  });
  const told = new AsyncQueue<HubMessage>({ max: 1000 });
  socket.on("message", (data) => told.push(JSON.parse(String(data)) as HubMessage));
  const closed = once(socket, "close") as Promise<[number, Buffer]>;
  closed.then(
    () => told.end(),
    () => told.end(),
  );
  await once(socket, "open");
  const messages = told[Symbol.asyncIterator]();
  /** The next message of a type. */
  const next = async <Type extends HubMessage["type"]>(type: Type) => {
    for (let step = await messages.next(); !step.done; step = await messages.next()) {
      if (step.value.type === type) return step.value as Extract<HubMessage, { type: Type }>;
    }
    throw new Error(`the socket closed before ${type}`);
  };
  return { socket, next, closed, say: (message: unknown) => socket.send(JSON.stringify(message)) };
}

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => "opened",
    (error: Error) => error.message,
  );

async function watch(rig: Rig, as: Person, id: string) {
  const headers = { "content-type": "application/sdp" };
  const answer = await rig.call("POST", `/whep/${id}`, { as, headers, body: offerSdp });
  assert.equal(answer.status, 201, answer.text);
  return (answer.headers.get("location") ?? "").split("/").at(-1) ?? "";
}

const administrator = { name: "Anna", administrator: true };

describe("the page's socket", () => {
  it("tells how its person arranged their wall, at first and when another page of theirs changes it", async () => {
    await using rig = await startRig({ yard: "fake://x/?video" });
    const anna = await rig.person(administrator);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view"] }] });
    const change = (as: Person, body: unknown) => rig.call("PATCH", "/api/v1/wall", { as, body });
    await change(anna, { order: ["yard"] });
    const page = await openPage(rig, anna);
    assert.deepEqual((await page.next("wall")).layout, { order: ["yard"], favourites: [], headings: "auto" });
    await page.next("devices");
    await change(ben, { favourites: ["barn"] });
    assert.equal((await change(anna, { favourites: ["yard"] })).status, 200);
    assert.deepEqual((await page.next("wall")).layout.favourites, ["yard"]);
    assert.deepEqual((await rig.call("GET", "/api/v1/wall", { as: ben })).json["favourites"], ["barn"]);
    assert.equal((await change(anna, { order: ["yard", "yard"] })).status, 400);
    await rig.identity.users.remove(ben.id);
    assert.deepEqual(rig.identity.walls.of(ben.id).favourites, []);
  });

  it("opens for whoever is signed in, from our own pages only", async () => {
    await using rig = await startRig();
    const anna = await rig.person(administrator);
    assert.match(await refusal(openPage(rig, undefined)), /401/);
    assert.match(await refusal(openPage(rig, anna, { origin: "http://evil.example" })), /403/);
    assert.match(await refusal(openPage(rig, anna, { origin: "null" })), /403/);
    assert.match(await refusal(openPage(rig, anna, { host: "evil.example" })), /421/);
    assert.equal(rig.webrtc.expected(), 0);
    const page = await openPage(rig, anna, { origin: rig.url.slice(0, -1) });
    assert.equal((await page.next("devices")).type, "devices");
    assert.equal(rig.webrtc.expected(), 1, "what will show pictures is started");
    assert.equal(rig.webrtc.ready(), 1, "and stays up as long as the page is there");
    const { secret } = await rig.identity.credentials.makeToken(anna.id, { name: "t", grants: everything });
    await openPage(rig, undefined, { authorization: `Bearer ${secret}` });
    assert.deepEqual([rig.webrtc.expected(), rig.webrtc.ready()], [2, 1], "a program keeps nothing up by listening");
    page.socket.close();
    await page.closed;
    while (rig.webrtc.ready() > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it("tells only of devices that may be viewed, and of their changes", async () => {
    await using rig = await startRig({ front: "fake://x/?video&area=House", yard: "fake://x/?video" });
    await rig.person(administrator);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "area:House", rights: ["view"] }] });
    const page = await openPage(rig, ben);
    const { devices } = await page.next("devices");
    assert.deepEqual(
      devices.map(({ id, rights, address }) => ({ id, rights, address })),
      [{ id: "front", rights: ["view"], address: undefined }],
    );
    using _yard = rig.hub.devices.get("yard")?.demand();
    using _front = rig.hub.devices.get("front")?.demand();
    const { device } = await page.next("device");
    assert.equal(device.id, "front");
    await rig.hub.devices.remove("yard");
    await rig.hub.devices.remove("front");
    assert.deepEqual(await page.next("removed"), { type: "removed", id: "front" });
  });

  it("says at most four times a second that a device changed", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const anna = await rig.person(administrator);
    const page = await openPage(rig, anna);
    await page.next("devices");
    let told = 0;
    page.socket.on("message", (data) => {
      if (String(data).includes('"type":"device"')) told++;
    });
    for (let n = 0; n < 100; n++) await rig.hub.devices.update("front", { volume: (n % 4) + 0.5 });
    page.say({ type: "ping" });
    await page.next("pong");
    assert.ok(told <= 2, `${told} messages`);
  });

  it("closes within a second when the session ends or rights change", async () => {
    await using rig = await startRig({ front: "fake://x/?video" });
    const anna = await rig.person(administrator);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view"] }] });
    const pages = [await openPage(rig, anna), await openPage(rig, ben)] as const;
    const startMs = performance.now();
    await rig.call("PATCH", `/api/v1/users/${ben.id}`, { as: anna, body: { grants: [] } });
    assert.equal((await pages[1].next("signed-out")).reason, "rights-changed");
    assert.equal((await pages[1].closed)[0], 4001);
    await rig.call("POST", "/api/v1/logout", { as: anna });
    assert.equal((await pages[0].next("signed-out")).reason, "signed-out");
    await pages[0].closed;
    assert.ok(performance.now() - startMs < 1000);
    assert.equal(rig.identity.attachments.size, 0);
  });

  it("ends a page that floods it or sends too much at once, and no other", async () => {
    await using rig = await startRig();
    const anna = await rig.person(administrator);
    const [calm, flood, large] = [await openPage(rig, anna), await openPage(rig, anna), await openPage(rig, anna)];
    for (let n = 0; n < 200; n++) flood.say({ type: "ping" });
    assert.equal((await flood.closed)[0], 1008);
    large.socket.on("error", () => {});
    large.socket.send("x".repeat(70_000));
    assert.equal((await large.closed)[0], 1009);
    calm.say({ type: "ping" });
    await calm.next("pong");
  });

  it("answers what it does not understand and goes on", async () => {
    await using rig = await startRig();
    const page = await openPage(rig, await rig.person(administrator));
    for (const nonsense of [
      "",
      "{",
      "null",
      "[]",
      '{"type":"unlock"}',
      '{"type":"talk-take"}',
      '{"type":"__proto__"}',
    ]) {
      page.socket.send(nonsense);
      assert.equal((await page.next("error")).code, "invalid");
    }
    page.socket.send(Buffer.from([1, 2, 3]));
    await page.next("error");
    page.say({ type: "ping" });
    await page.next("pong");
  });
});

describe("talk by the page's socket", () => {
  const frame = { data: Uint8Array.of(1), timestampUs: 0, key: true, durationUs: 20_000 };

  it("sends the microphone of one's own WHEP session to the speaker", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker" });
    const anna = await rig.person(administrator);
    const whep = await watch(rig, anna, "front");
    const page = await openPage(rig, anna);
    page.say({ type: "talk-take", turn: 1, to: ["device:front"], voice: whep });
    const hearing = [{ deviceId: "front", state: "connecting" }];
    assert.deepEqual(await page.next("talk"), { type: "talk", turn: 1, state: "granted", hearing });
    assert.equal((await page.next("hearing")).hearing[0]?.deviceId, "front");
    rig.webrtc.viewers[0]?.say(frame);
    page.say({ type: "talk-release", turn: 1 });
    assert.equal((await page.next("talk")).state, "released");
    const actions = rig.identity.audit.list().map(({ action, subject }) => `${action} ${subject}`);
    assert.deepEqual(actions, ["talk front", "view front"]);
  });

  it("is refused without the right, for unknown devices, and with somebody else's session", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker" });
    const anna = await rig.person(administrator);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view", "talk"] }] });
    const cleo = await rig.person({ name: "Cleo", grants: [{ scope: "*", rights: ["view"] }] });
    const whep = await watch(rig, anna, "front");
    const answerTo = async (person: Person, device: string) => {
      const page = await openPage(rig, person);
      page.say({ type: "talk-take", turn: 1, to: [`device:${device}`], voice: whep });
      const { state, ...rest } = await page.next("talk");
      return `${state} ${"reason" in rest ? rest.reason : ""}`;
    };
    assert.equal(await answerTo(cleo, "front"), "refused forbidden");
    assert.equal(await answerTo(ben, "no-such-device"), "refused forbidden");
    assert.match(await answerTo(ben, "front"), /^failed no microphone/);
    assert.deepEqual(rig.hub.turns.holder("front").holder, undefined);
  });

  it("tells of a ring where the person sees it, and when its chime is over, and nobody else", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker&area=House", yard: "fake://x/?speaker" });
    await rig.person(administrator);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "area:House", rights: ["view"] }] });
    const page = await openPage(rig, ben);
    await page.next("devices");
    const talker = { id: "anna", name: "Anna" };
    const unseen = rig.hub.rings.ring({ to: ["device:yard"], talker, priority: 0 });
    const both = rig.hub.rings.ring({ to: ["device:yard", "device:front"], talker, priority: 0 });
    const { ring } = await page.next("ring");
    assert.deepEqual([ring.id, ring.caller, ring.deviceIds], [both.ring?.id, "Anna", ["front"]]);
    unseen.turn.cancel();
    await unseen.turn.done;
    both.turn.cancel();
    assert.equal((await page.next("ring-over")).id, both.ring?.id, "of what it was not told it hears no end");
  });

  it("tells a second talker who holds the speaker", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker" });
    const anna = await rig.person(administrator);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view", "talk"] }] });
    const pages = [await openPage(rig, anna), await openPage(rig, ben)] as const;
    pages[0].say({ type: "talk-take", turn: 1, to: "device:front", voice: await watch(rig, anna, "front") });
    await pages[0].next("talk");
    pages[1].say({
      type: "talk-take",
      turn: 1,
      to: "device:front",
      voice: await watch(rig, ben, "front"),
      priority: 0,
    });
    const refused = await pages[1].next("talk");
    assert.equal("holder" in refused ? refused.holder?.name : undefined, "Anna");
  });

  it("frees the speaker when the page goes, when the picture goes, and when rights go", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker" });
    const anna = await rig.person(administrator);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view", "talk"] }] });
    const freed = () =>
      new Promise<void>((resolve) => {
        const check = () => rig.hub.turns.holder("front").holder === undefined && resolve();
        rig.hub.turns.onChange(check);
        check();
      });
    const talk = async () => {
      const page = await openPage(rig, ben);
      page.say({ type: "talk-take", turn: 1, to: "device:front", voice: await watch(rig, ben, "front") });
      assert.equal((await page.next("talk")).state, "granted");
      return page;
    };
    const startMs = performance.now();
    (await talk()).socket.terminate();
    await freed();
    await talk();
    rig.webrtc.viewers.at(-1)?.fail("disconnected");
    await freed();
    await talk();
    await rig.call("PATCH", `/api/v1/users/${ben.id}`, { as: anna, body: { grants: [] } });
    await freed();
    assert.ok(performance.now() - startMs < 1500);
  });

  it("says which turn it speaks of, so that the end of one is not taken for the end of the next", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker" });
    const anna = await rig.person(administrator);
    const whep = await watch(rig, anna, "front");
    const page = await openPage(rig, anna);
    page.say({ type: "talk-take", to: "device:front", voice: whep, turn: 1 });
    page.say({ type: "talk-release", turn: 1 });
    page.say({ type: "talk-take", to: "device:front", voice: whep, turn: 2 });
    const told: string[] = [];
    while (told.length < 3) {
      const { turn, state } = await page.next("talk");
      told.push(`${turn} ${state}`);
    }
    assert.deepEqual(told, ["1 granted", "1 released", "2 granted"]);
  });

  it("takes the speaker from others only for whoever may call everybody", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker" });
    await rig.person(administrator);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "*", rights: ["view", "talk"] }] });
    const cleo = await rig.person({ name: "Cleo", grants: [{ scope: "*", rights: ["view", "talk", "page"] }] });
    const priorityOf = async (person: Person, priority: 1 | 2) => {
      const page = await openPage(rig, person);
      page.say({ type: "talk-take", turn: 1, to: "device:front", voice: await watch(rig, person, "front"), priority });
      await page.next("talk");
      const given = rig.hub.turns.holder("front").holder?.priority;
      page.say({ type: "talk-release", turn: 1 });
      await page.next("talk");
      return given;
    };
    assert.equal(await priorityOf(ben, 1), 0);
    assert.equal(await priorityOf(ben, 2), 0);
    assert.equal(await priorityOf(cleo, 1), 1);
    assert.equal(await priorityOf(cleo, 2), 2);
  });

  it("tells who is calling, of devices that may be seen", async () => {
    await using rig = await startRig({ front: "fake://x/?video&speaker&area=House", yard: "fake://x/?video&speaker" });
    const anna = await rig.person(administrator);
    const ben = await rig.person({ name: "Ben", grants: [{ scope: "area:House", rights: ["view"] }] });
    const page = await openPage(rig, ben);
    await page.next("devices");
    const ring = (to: string) => rig.call("POST", "/api/v1/ring", { as: anna, body: { to } });
    assert.equal((await ring("device:yard")).status, 202);
    assert.equal((await ring("all")).status, 202);
    const { caller, deviceIds, chime } = (await page.next("ring")).ring;
    assert.deepEqual([caller, deviceIds, chime], ["Anna", ["front"], "doorbell"]);
  });
});
