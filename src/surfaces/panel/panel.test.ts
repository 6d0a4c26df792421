import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import WebSocket from "ws";
import { offerSdp, type Person, type Rig, startRig } from "../../../test/web-rig.ts";
import type { Hearing } from "../../hub/api.ts";
import { opusFormat } from "../../media/format.ts";
import { AsyncQueue } from "../../util/queue.ts";
import type { StationTold } from "./messages.ts";

const audioOffer = `${offerSdp}`;

/** A browser that asks to be a device, with its cookie jar. */
function browser(rig: Rig, id: string) {
  let cookie = "";
  const ask = async (body: unknown = {}, as?: Person) => {
    const answer = await rig.call("POST", `/api/v1/stations/${id}`, {
      body,
      headers: { cookie: [as?.cookie, cookie].filter(Boolean).join("; ") },
    });
    const [set] = answer.headers.getSetCookie();
    if (set) cookie = set.split(";")[0] ?? "";
    return { status: answer.status, set, ...answer.json } as {
      status: number;
      set?: string;
      state?: string;
      code?: string;
    };
  };
  /** A call of its page, which says for whom it is. */
  const call = (method: string, path: string, more: { readonly body?: unknown; readonly type?: string } = {}) =>
    rig.call(method, path, {
      body: more.body,
      headers: { cookie, "x-doorward-device": id, ...(more.type && { "content-type": more.type }) },
    });
  const open = async (path = "station") => {
    const url = `${rig.url.replace("http", "ws")}api/v1/${path}?device=${id}`;
    const socket = new WebSocket(url, { headers: { cookie } });
    const told = new AsyncQueue<StationTold>({ max: 1000 });
    socket.on("message", (data) => told.push(JSON.parse(String(data)) as StationTold));
    const closed = once(socket, "close");
    closed.then(
      () => told.end(),
      () => told.end(),
    );
    await once(socket, "open");
    const messages = told[Symbol.asyncIterator]();
    const next = async <Type extends string>(type: Type) => {
      for (let step = await messages.next(); !step.done; step = await messages.next()) {
        if (step.value.type === type) return step.value as Extract<StationTold, { type: Type }>;
      }
      throw new Error(`the socket closed before ${type}`);
    };
    return { socket, closed, next, say: (message: unknown) => socket.send(JSON.stringify(message)) };
  };
  return { ask, call, open, cookie: () => cookie };
}

/** A hub with an administrator and a station that was let in. */
async function house() {
  const rig = await startRig({ door: "fake://x/?video&audio&speaker" });
  const root = await rig.person({ name: "Root", administrator: true });
  const kitchen = browser(rig, "kitchen");
  assert.equal((await kitchen.ask()).state, "waiting");
  const body = { name: "Kitchen", area: "House" };
  const approved = await rig.call("POST", "/api/v1/arrivals/kitchen", { as: root, body });
  assert.equal(approved.status, 201, approved.text);
  return { rig, root, kitchen, approved: approved.json };
}

/** Speaks to the kitchen with a voice of its own; gives who hears it, as it changes. */
function speak(rig: Rig) {
  const voice = rig.hub.voices.open({ owner: "anna" });
  const told = new AsyncQueue<readonly Hearing[]>({ max: 100 });
  const turn = rig.hub.turns.take({
    to: ["device:kitchen"],
    talker: { id: "anna", name: "Anna" },
    priority: 0,
    queue: false,
    source: { live: true, voice: voice.track },
    onState: (state) => state.state === "granted" && told.push(state.hearing),
    onHearing: (hearing) => told.push(hearing),
  });
  const hearings = told[Symbol.asyncIterator]();
  const until = async (state: Hearing["state"]) => {
    for (;;) {
      const { value } = await hearings.next();
      const one = value?.[0];
      if (one?.state === state) return one;
    }
  };
  return { voice, turn, until };
}

const frame = (timestampUs: number) => ({ data: Uint8Array.of(1, 2, 3), timestampUs, key: true, durationUs: 20_000 });

describe("a browser as a device", () => {
  it("waits until it is let in, by the token that it holds already and that no script reads", async () => {
    const { rig, kitchen, approved } = await house();
    await using _rig = rig;
    assert.equal(approved["token"], undefined, "nobody has to carry a token to the tablet");
    const again = await kitchen.ask();
    assert.deepEqual([again.state, again.set], ["in", undefined]);
    assert.match(kitchen.cookie(), /^doorward-device-kitchen=dwd_[\w-]{43}$/);
    const stranger = await browser(rig, "kitchen").ask();
    assert.deepEqual([stranger.status, stranger.code], [403, "refused"]);
  });

  it("keeps what sends pictures up as long as it listens to what happens", async () => {
    const { rig, kitchen } = await house();
    await using _rig = rig;
    assert.equal(rig.webrtc.ready(), 0);
    const events = await kitchen.open("events");
    await events.next("devices");
    assert.equal(rig.webrtc.ready(), 1, "somebody may look at any moment");
    events.socket.close();
    await events.closed;
    while (rig.webrtc.ready() > 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it("keeps its name while it waits: another browser does not get what was let in", async () => {
    await using rig = await startRig();
    await rig.person({ name: "Root", administrator: true });
    const one = browser(rig, "hall");
    const first = await one.ask();
    assert.match(first.set ?? "", /HttpOnly/i);
    assert.match(first.set ?? "", /SameSite=Strict/i);
    assert.equal((await browser(rig, "hall").ask()).code, "refused");
    assert.equal((await one.ask()).state, "waiting");
  });

  it("is let in by a token that was made beforehand", async () => {
    await using rig = await startRig();
    const root = await rig.person({ name: "Root", administrator: true });
    await rig.call("POST", "/api/v1/devices", { as: root, body: { name: "Hall", arrives: "page" } });
    const { json } = await rig.call("POST", "/api/v1/devices/hall/token", { as: root });
    const hall = browser(rig, "hall");
    assert.equal((await hall.ask({ token: json["token"] })).state, "in");
    assert.equal((await hall.ask()).state, "in");
  });

  it("plays what is said to it, once its screen was touched; until then talkers are told", async () => {
    const { rig, kitchen } = await house();
    await using _rig = rig;
    const page = await kitchen.open();
    assert.equal((await page.next("welcome")).name, "Kitchen");
    const talker = speak(rig);
    const failed = await talker.until("failed");
    assert.deepEqual([failed.code, failed.reason], ["untouched", "cannot play yet: its screen has to be touched once"]);
    talker.turn.cancel();
    page.say({ type: "speaker-offer", sdp: audioOffer });
    await page.next("speaker-answer");
    page.say({ type: "playable", playable: true });
    page.say({ type: "ping" });
    await page.next("pong" as "welcome");
    assert.equal(rig.hub.devices.get("kitchen")?.state.phase, "live");
    const heard = rig.webrtc.viewers.at(-1)?.request.audio?.read();
    assert.ok(heard);
    const second = speak(rig);
    await second.until("playing");
    for (let i = 0; i < 3; i++) second.voice.write(frame(1_000_000 + i * 20_000));
    await new Promise(setImmediate);
    const first = heard.take();
    assert.deepEqual([first?.data, first?.timestampUs], [Uint8Array.of(1, 2, 3), 1_000_000]);
    assert.equal(heard.take()?.timestampUs, 1_020_000);
    assert.deepEqual(rig.webrtc.viewers.at(-1)?.request.audio?.format, opusFormat);
    second.turn.cancel();
    await second.turn.done;
  });

  it("says whether it may make sound and has a microphone, as long as it is there", async () => {
    const { rig, kitchen } = await house();
    await using _rig = rig;
    const info = () => rig.hub.devices.get("kitchen")?.info().station;
    assert.equal(info(), undefined);
    const page = await kitchen.open();
    await page.next("welcome");
    const say = async (message: unknown) => {
      page.say(message);
      page.say({ type: "ping" });
      await page.next("pong" as "welcome");
      return info();
    };
    assert.deepEqual(await say({ type: "playable", playable: false }), { plays: false, speaks: true });
    assert.deepEqual(await say({ type: "playable", playable: true }), { plays: true, speaks: true });
    assert.deepEqual(await say({ type: "microphone", usable: false }), { plays: true, speaks: false });
    page.socket.close();
    await page.closed;
    assert.equal(info(), undefined);
  });

  it("gives way to the newer page of the same station, and says so", async () => {
    const { rig, kitchen } = await house();
    await using _rig = rig;
    const older = await kitchen.open();
    await older.next("welcome");
    const newer = await kitchen.open();
    await newer.next("welcome");
    assert.equal((await older.next("over")).reason, "taken-over");
    await older.closed;
    assert.notEqual(rig.hub.devices.get("kitchen")?.state.phase, "away");
    newer.socket.close();
    await newer.closed;
    assert.equal(rig.hub.devices.get("kitchen")?.state.phase, "away");
  });

  it("is out at once when its token is taken away", async () => {
    const { rig, root, kitchen } = await house();
    await using _rig = rig;
    const page = await kitchen.open();
    const events = await kitchen.open("events");
    await page.next("welcome");
    assert.equal((await rig.call("DELETE", "/api/v1/devices/kitchen/token", { as: root })).status, 204);
    assert.equal((await page.next("over")).reason, "revoked");
    await Promise.all([page.closed, events.closed]);
    assert.equal((await kitchen.call("POST", "/voice", { type: "application/sdp", body: offerSdp })).status, 401);
    assert.equal((await kitchen.ask()).state, "waiting");
  });

  it("speaks with the device's own rights, whoever is signed in there, and never to itself", async () => {
    const { rig, root, kitchen } = await house();
    await using _rig = rig;
    const page = await kitchen.open();
    await page.next("welcome");
    assert.equal((await kitchen.call("GET", "/api/v1/arrivals")).status, 403);
    assert.equal((await kitchen.call("POST", "/whep/door", { type: "application/sdp", body: offerSdp })).status, 404);
    const { json } = await kitchen.call("GET", "/api/v1/devices");
    const seen = json["devices"] as { id: string; rights: string[]; tracks: unknown[]; address?: string }[];
    assert.deepEqual(
      seen.map(({ id, rights, tracks, address }) => [id, rights, tracks.length, address]),
      [
        ["door", ["talk"], 0, undefined],
        ["kitchen", [], 0, undefined],
      ],
    );
    const voice = await kitchen.call("POST", "/voice", { type: "application/sdp", body: offerSdp });
    assert.equal(voice.status, 201, voice.text);
    const events = await kitchen.open("events");
    const id = (voice.headers.get("location") ?? "").split("/").at(-1);
    events.say({ type: "talk-take", turn: 1, to: ["all"], voice: id });
    const talk = (await events.next("talk" as "welcome")) as unknown as { state: string; hearing: Hearing[] };
    assert.deepEqual([talk.state, talk.hearing.map(({ deviceId }) => deviceId)], ["granted", ["door"]]);
    const grants = [{ scope: "*", rights: ["talk", "view", "listen"] }];
    assert.equal((await rig.call("PATCH", "/api/v1/arrivals/kitchen", { as: root, body: { grants } })).status, 204);
    assert.equal((await kitchen.call("POST", "/whep/door", { type: "application/sdp", body: offerSdp })).status, 201);
    const administer = { grants: [{ scope: "*", rights: ["administer"] }] };
    assert.equal((await rig.call("PATCH", "/api/v1/arrivals/kitchen", { as: root, body: administer })).status, 403);
  });

  it("gets no right from somebody who lacks it", async () => {
    await using rig = await startRig({ door: "fake://x/?video&audio&speaker" });
    await rig.person({ name: "Root", administrator: true });
    const keeper = await rig.person({ name: "Keeper", grants: [{ scope: "*", rights: ["administer", "view"] }] });
    const hall = browser(rig, "hall");
    await hall.ask();
    const grants = [{ scope: "*", rights: ["talk"] }];
    const refused = await rig.call("POST", "/api/v1/arrivals/hall", { as: keeper, body: { grants } });
    assert.equal(refused.status, 403, refused.text);
    assert.equal((await rig.call("POST", "/api/v1/arrivals/hall", { as: keeper, body: {} })).status, 201);
    assert.equal((await hall.ask()).state, "in");
    const { json } = await hall.call("GET", "/api/v1/devices");
    assert.deepEqual(
      (json["devices"] as { id: string }[]).map(({ id }) => id),
      ["hall"],
    );
  });

  it("says for itself that it is not to be disturbed, and how loud it is", async () => {
    const { rig, kitchen } = await house();
    await using _rig = rig;
    const page = await kitchen.open();
    assert.equal((await page.next("settings")).doNotDisturb, false);
    page.say({ type: "settings", doNotDisturb: true, volume: 0.5 });
    const { doNotDisturb, volume } = await page.next("settings");
    assert.deepEqual([doNotDisturb, volume], [true, 0.5]);
    const kept = rig.hub.devices.get("kitchen")?.settings;
    assert.deepEqual([kept?.doNotDisturb, kept?.volume], [true, 0.5]);
  });
});
