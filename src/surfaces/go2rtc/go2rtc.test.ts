import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { WebSocket } from "ws";
import { everything, offerSdp, type Rig, startRig } from "../../../test/web-rig.ts";
import { within } from "../../../test/within.ts";
import type { Grant } from "../../identity/policy.ts";
import { type Log, silentLog } from "../../util/log.ts";
import type { CardAnswer } from "./messages.ts";

const yard = { yard: "fake://x/?video&audio&speaker" };

/** A hub that is set up. */
async function house(devices: Readonly<Record<string, string>> = yard, log: Log = silentLog): Promise<Rig> {
  const rig = await startRig(devices, { log });
  await rig.person({ name: "Root", administrator: true });
  return rig;
}

async function tokenFor(rig: Rig, name: string, grants: readonly Grant[] = everything): Promise<string> {
  const { id } = await rig.identity.users.create({ name, administrator: false, grants: [...grants] });
  return (await rig.identity.credentials.makeToken(id, { name: "card", grants })).secret;
}

/** A card that is connected, by a token as the password of Basic: as Home Assistant's proxy does with `http://x:TOKEN@hub`. */
async function openCard(rig: Rig, token: string, source = "yard") {
  const authorization = `Basic ${btoa(`x:${token}`)}`;
  const url = `${rig.url.replace(/^http/, "ws")}api/ws?src=${source}`;
  const socket = new WebSocket(url, { headers: { authorization } });
  const answers: CardAnswer[] = [];
  let wake = Promise.withResolvers<void>();
  const closed = once(socket, "close") as Promise<[code: number, reason: Buffer]>;
  socket.on("message", (data) => {
    answers.push(JSON.parse(String(data)) as CardAnswer);
    wake.resolve();
    wake = Promise.withResolvers();
  });
  await once(socket, "open");
  const next = async (): Promise<CardAnswer> => {
    const wait = async () => {
      while (answers.length === 0) await wake.promise;
    };
    await within("an answer", wait(), 5000);
    return answers.shift() as CardAnswer;
  };
  return { say: (message: object) => socket.send(JSON.stringify(message)), next, closed, socket };
}

const why = async ({ closed }: Awaited<ReturnType<typeof openCard>>) => {
  const [code, reason] = await closed;
  return `${code} ${reason}`;
};

describe("go2rtc's socket", { concurrency: 4 }, () => {
  it("answers an offer in both forms, takes candidates, and goes on without the socket, as the player closes it", async () => {
    await using rig = await house();
    const card = await openCard(rig, await tokenFor(rig, "Anna"));
    card.say({ type: "webrtc/offer", value: offerSdp });
    const first = await card.next();
    assert.equal(first.type, "webrtc/answer");
    assert.match(String(first.value), /^v=0/);
    const candidate = "candidate:1 1 udp 2130706431 192.168.1.9 54321 typ host";
    card.say({ type: "webrtc/candidate", value: candidate });
    card.say({ type: "webrtc", value: { type: "offer", sdp: offerSdp } });
    const second = await card.next();
    assert.ok(second.type === "webrtc" && second.value.sdp.startsWith("v=0"));
    assert.deepEqual(rig.webrtc.viewers[0]?.candidates, [candidate]);
    await rig.webrtc.viewers[0]?.disposed;
    card.socket.close();
    await card.closed;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(rig.web.viewings.size, 1);
    rig.webrtc.viewers[1]?.fail("disconnected");
    await rig.webrtc.viewers[1]?.disposed;
    assert.equal(rig.web.viewings.size, 0);
  });

  it("opens nothing for a card that left before it was answered", async () => {
    await using rig = await house({ yard: "fake://x/?lost" });
    const card = await openCard(rig, await tokenFor(rig, "Anna"));
    card.say({ type: "webrtc/offer", value: offerSdp });
    card.socket.close();
    await card.closed;
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([rig.web.viewings.size, rig.webrtc.viewers.length], [0, 0]);
  });

  it("lets the microphone take the floor by being heard, and tells how it goes", async () => {
    await using rig = await house();
    const card = await openCard(rig, await tokenFor(rig, "Anna"));
    card.say({ type: "webrtc/offer", value: offerSdp });
    await card.next();
    const [viewer] = rig.webrtc.viewers;
    viewer?.say({ data: new Uint8Array(40).fill(1), timestampUs: 0, key: true, durationUs: 20_000 });
    assert.deepEqual(await card.next(), { type: "error", value: "talk: granted" });
    assert.equal(rig.hub.turns.holder("yard").holder?.name, "Anna");
    assert.deepEqual(await card.next(), { type: "error", value: "talk: released (silent)" });
    card.socket.close();
  });

  it("says what it cannot do, so that cards try no longer", async () => {
    await using rig = await house();
    const card = await openCard(rig, await tokenFor(rig, "Anna"));
    card.say({ type: "mse", value: "avc1.640029" });
    assert.deepEqual(await card.next(), { type: "error", value: "mse: the hub shows cameras by WebRTC" });
    card.say({ type: "webrtc/offer", value: "v=0" });
    assert.deepEqual(await card.next(), { type: "error", value: "webrtc/offer: offer has no video line" });
    card.socket.send("no JSON");
    assert.equal(await why(card), "1008 not understood");
  });

  it("keeps a fault of the hub in its log, and says only that there is one", async () => {
    const logged: unknown[] = [];
    const log: Log = { ...silentLog, error: (fields) => logged.push(fields), child: () => log };
    await using rig = await house(yard, log);
    const fault = new TypeError("x is not a function");
    rig.webrtc.worker.view = () => Promise.reject(fault);
    const card = await openCard(rig, await tokenFor(rig, "Anna"));
    card.say({ type: "webrtc/offer", value: offerSdp });
    assert.deepEqual(await card.next(), {
      type: "error",
      value: "webrtc/offer: the hub failed at it; its log says why",
    });
    assert.deepEqual(logged, [{ err: fault }]);
    card.socket.close();
  });

  it("tells cards what a stream gives and takes, to who may see it, and that one can listen and speak to who may", async () => {
    await using rig = await house({ ...yard, hall: "fake://x/?video" });
    using _wanted = rig.hub.devices.get("yard")?.demand();
    await rig.hub.devices.get("yard")?.waitForSpeaker({ timeoutMs: 1000 });
    const ask = async (token: string, query: string, behalf?: object) => {
      const headers: Record<string, string> = { authorization: `Basic ${btoa(`x:${token}`)}` };
      if (behalf) headers["x-doorward-for"] = encodeURIComponent(JSON.stringify(behalf));
      const answer = await fetch(`${rig.url}api/streams${query}`, { headers });
      return { status: answer.status, json: (await answer.json()) as unknown };
    };
    const seen = ["video, recvonly, H264", "audio, recvonly, OPUS/48000/2"];
    const stream = (...medias: readonly string[]) => ({ producers: [{ medias }], consumers: [] });
    const anna = await tokenFor(rig, "Anna");
    const card = "?src=yard&video=all&audio=all&microphone";
    assert.deepEqual((await ask(anna, card)).json, stream(...seen, "audio, sendonly, OPUS/48000/2"));
    const looks = { id: "ben", name: "Ben", grants: [{ scope: "device:yard", rights: ["view", "listen"] }] };
    assert.deepEqual((await ask(anna, card, looks)).json, stream(...seen));
    const deaf = { id: "cid", name: "Cid", grants: [{ scope: "device:yard", rights: ["view"] }] };
    assert.deepEqual((await ask(anna, card, deaf)).json, stream("video, recvonly, H264"));
    assert.deepEqual(Object.keys((await ask(anna, "", looks)).json as object), ["yard"]);
    assert.deepEqual([(await ask(anna, "?src=hall", looks)).status, (await ask("dwt_x", "")).status], [404, 401]);
  });

  it("opens a picture for whom a program asks, with their name and no more than their rights", async () => {
    await using rig = await house();
    const token = await tokenFor(rig, "Home");
    const url = `${rig.url.replace(/^http/, "ws")}api/ws?src=yard`;
    const open = (behalf: string) =>
      new WebSocket(url, { headers: { authorization: `Bearer ${token}`, "x-doorward-for": behalf } });
    const ben = (rights: readonly string[]) =>
      encodeURIComponent(JSON.stringify({ id: "ben", name: "Ben", grants: [{ scope: "device:yard", rights }] }));
    const [code, reason] = (await once(open(ben([])), "close")) as [number, Buffer];
    assert.equal(`${code} ${reason}`, "1008 no such stream");
    const [odd] = await once(open("nonsense"), "error");
    assert.match(String(odd), /400/, "it is not passed over");
    const socket = open(ben(["view", "talk"]));
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "webrtc/offer", value: offerSdp }));
    await once(socket, "message");
    rig.webrtc.viewers[0]?.say({ data: new Uint8Array(40).fill(1), timestampUs: 0, key: true, durationUs: 20_000 });
    await once(socket, "message");
    assert.equal(rig.hub.turns.holder("yard").holder?.name, "Ben (Home)");
    socket.close();
  });

  it("is for who has a token, and for what they may see", async () => {
    await using rig = await house({ ...yard, hall: "fake://x/?video" });
    const token = await tokenFor(rig, "Ben", [{ scope: "device:yard", rights: ["view"] }]);
    assert.equal(await why(await openCard(rig, "dwt_other")), "1008 a token is needed");
    assert.equal(await why(await openCard(rig, token, "hall")), "1008 no such stream");
    assert.equal(await why(await openCard(rig, token, "attic")), "1008 no such stream");
    const card = await openCard(rig, token);
    card.say({ type: "webrtc/offer", value: offerSdp });
    assert.equal((await card.next()).type, "webrtc/answer");
    const { request } = rig.webrtc.viewers[0] ?? assert.fail();
    assert.deepEqual([request.audio, request.acceptMicrophone], [undefined, false]);
    const { userId } = rig.identity.credentials.find(token) ?? assert.fail();
    await rig.identity.users.remove(userId);
    assert.match(await why(card), /^1001 /);
  });
});
