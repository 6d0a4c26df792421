import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { numbered, type RoomClient, type RoomClientOptions, roomClient } from "../../../../test/peers/room-client.ts";
import { everything, type Rig, type RigOptions, startRig } from "../../../../test/web-rig.ts";
import { callsConfig, houseConfig } from "../../../hub/calls-config.ts";
import type { Ring } from "../../../hub/rings.ts";
import { systemClock } from "../../../util/clock.ts";
import { every } from "../../../util/every.ts";
import { silentLog } from "../../../util/log.ts";
import { roomConfig } from "../config.ts";
import { RoomStations } from "../stations.ts";
import { Ringing } from "./ringing.ts";
import { startRoomWeb } from "./start.ts";

interface House extends AsyncDisposable {
  readonly rig: Rig;
  readonly stations: RoomStations;
  readonly url: string;
  readonly http: string;
  client(name?: string, options?: RoomClientOptions): Promise<RoomClient>;
}

async function house(
  options: RigOptions & { readonly room?: object; readonly devices?: Readonly<Record<string, string>> } = {},
): Promise<House> {
  const { room, devices = { door: "fake://x/?video&audio&speaker" }, ...rigOptions } = options;
  await using opened = new AsyncDisposableStack();
  const rig = opened.use(await startRig(devices, { enrolment: "open", ...rigOptions }));
  const { hub } = rig;
  const stations = opened.use(new RoomStations({ clock: hub.clock, log: silentLog }));
  const config = roomConfig.parse({ webPort: 0, ...room });
  assert.ok(config);
  const web = opened.use(await startRoomWeb({ house: { hub, version: "1.2.3" }, config, stations }));
  const url = web.address;
  const owned = opened.move();
  const clients = new AsyncDisposableStack();
  return {
    rig,
    stations,
    url,
    http: url.replace("ws:", "http:").replace("/ws", ""),
    client: async (name, how) => clients.use(await roomClient(url, { ...(name !== undefined && { name }), ...how })),
    [Symbol.asyncDispose]: async () => {
      await clients.disposeAsync();
      await owned.disposeAsync();
    },
  };
}

/** A client that was let in. */
async function come(home: House, name: string, options?: RoomClientOptions): Promise<RoomClient> {
  const client = await home.client(name, options);
  await client.next("dnd");
  return client;
}

/** Resolves as soon as nobody holds these; rejects when that takes longer than a client plays what it has. */
async function free({ rig: { hub } }: House, ids: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const look = () => ids.every((id) => !hub.turns.holder(id).holder) && resolve();
  using _listener = hub.turns.onChange(look);
  using _late = hub.clock.timer(1000, () => reject(new Error(`${ids} are still held`)));
  look();
  await promise;
}

const press = (target: unknown, priority = "Normal") => ({ type: "ptt_start", target, priority });

/** 20 ms each, from the first number on; not in real time, but in its order. */
function speak(client: RoomClient, frames: number, from = 0): void {
  for (let n = from; n < from + frames; n++) client.send(numbered(n));
}

describe("the room intercom's clients", () => {
  it("are told how it stands when they come, and are devices once they said who they are", async () => {
    await using home = await house();
    const ann = await home.client();
    assert.deepEqual(ann.told.length > 0 && ann.told[0], { type: "init", version: "1.2.3", status: "idle" });
    assert.deepEqual((await ann.next("targets"))["rooms"], ["door"]);
    const chimes = await ann.next("chimes");
    assert.equal(chimes["current"], (chimes["options"] as string[])[0]);
    const bob = await come(home, "Bob");
    await ann.next("targets", { rooms: ["Bob", "door"] });
    ann.say({ type: "identify", client_id: "Ann" });
    await ann.next("targets", { rooms: ["Bob", "door"] });
    await bob.next("targets", { rooms: ["Ann", "door"] });
    const device = home.rig.hub.devices.get("web-ann");
    assert.deepEqual([device?.name, device?.state.phase], ["Ann", "live"]);
    ann.say({ type: "get_state" });
    assert.equal((await ann.next("state"))["status"], "idle");
    assert.deepEqual((await ann.next("targets"))["rooms"], ["Bob", "door"]);
    await ann.next("chimes");
    await bob[Symbol.asyncDispose]();
    assert.deepEqual((await ann.next("targets"))["rooms"], ["door"]);
  });

  it("hear one another sample by sample, each frame behind its priority", async () => {
    await using home = await house();
    const [ann, bob, carl] = [await come(home, "Ann"), await come(home, "Bob"), await come(home, "Carl")];
    await ann.next("targets", { rooms: ["Bob", "Carl", "door"] });
    ann.say(press("bob"));
    await ann.next("state", { status: "transmitting" });
    speak(ann, 30);
    await bob.next("state", { status: "receiving" });
    await bob.heard(30);
    ann.say({ type: "ptt_stop" });
    await ann.next("state", { status: "idle" });
    await bob.next("state", { status: "idle" });
    for (const [n, frame] of bob.sound.entries()) {
      assert.equal(frame.length, 641);
      assert.equal(frame[0], 0);
      assert.ok(frame.subarray(1).equals(numbered(n)), `frame ${n} is another one`);
    }
    assert.equal(bob.sound.length, 30);
    assert.deepEqual(
      carl.told.filter(({ type }) => type === "state"),
      [],
      "whom it is not for is told nothing of it",
    );
    assert.equal(carl.sound.length, 0);
  });

  it("of the dashboard hear samples alone, where their address says so", async () => {
    await using home = await house();
    const ann = await come(home, "Ann");
    const card = await home.client("Card", { query: "?plain" });
    await card.next("dnd");
    await ann.next("targets", { rooms: ["Card", "door"] });
    ann.say(press("Card"));
    await ann.next("state", { status: "transmitting" });
    speak(ann, 3);
    await card.heard(3);
    assert.ok(card.sound.every((frame, n) => frame.equals(numbered(n))));
  });

  it("see a station no more as soon as it says that it goes", async () => {
    await using home = await house({ devices: {} });
    const { hub } = home.rig;
    const ann = await come(home, "Ann");
    const id = "intercom_9a0b1c2d";
    home.stations.told({ id, name: "Attic" });
    home.stations.status(id, true);
    const there = { kind: "room", id: "intercom-9a0b1c2d", name: "Attic", address: "10.0.0.9" } as const;
    const attic = await hub.reception.admit(there, new AbortController().signal);
    attic.offerSpeaker({ formats: [], echoCancelling: false, play: async () => {} });
    attic.ready();
    attic.phase("live");
    home.stations.isDevice(id, { deviceId: "intercom-9a0b1c2d", legacy: true });
    await ann.next("targets", { rooms: ["Attic"] });
    home.stations.status(id, false);
    await ann.next("targets", { rooms: [] });
  });

  it("have their sound cut into 20 ms, whatever the pieces; half samples are told and left out", async () => {
    await using home = await house();
    const [ann, bob] = [await come(home, "Ann"), await come(home, "Bob")];
    await ann.next("targets", { rooms: ["Bob", "door"] });
    ann.say(press("Bob"));
    await ann.next("state", { status: "transmitting" });
    const all = Buffer.concat(Array.from({ length: 12 }, (_, n) => numbered(n)));
    ann.send(all.subarray(0, 2));
    ann.send(all.subarray(2, 1000));
    ann.send(all.subarray(0, 641));
    assert.match(String((await ann.next("error"))["message"]), /16 bits/);
    ann.send(all.subarray(1000));
    await bob.heard(12);
    assert.ok(Buffer.concat(bob.sound.map((frame) => frame.subarray(1))).equals(all));
  });

  it("find the floor taken at once, and get it when it is free", async () => {
    await using home = await house();
    const [ann, bob] = [await come(home, "Ann"), await come(home, "Bob")];
    await ann.next("targets", { rooms: ["Bob", "door"] });
    ann.say(press("door"));
    await ann.next("state", { status: "transmitting" });
    speak(ann, 2);
    bob.say(press("door"));
    assert.deepEqual(await bob.next("busy"), { type: "busy", holder: "Ann" });
    ann.say({ type: "ptt_stop" });
    await ann.next("state", { status: "idle" });
    bob.say(press("door"));
    await bob.next("state", { status: "transmitting" });
  });

  it("may press twice, let go once, and harm nobody", async () => {
    await using home = await house();
    const [ann, bob] = [await come(home, "Ann"), await come(home, "Bob")];
    await bob.next("targets", { rooms: ["Ann", "door"] });
    ann.say(press("All Rooms"));
    ann.say(press("All Rooms"));
    await ann.next("state", { status: "transmitting" });
    await ann.next("state", { status: "transmitting" });
    ann.say({ type: "ptt_stop" });
    ann.say({ type: "ptt_stop" });
    await ann.next("state", { status: "idle" });
    bob.say(press("all"));
    await bob.next("state", { status: "transmitting" });
    bob.say(press("door"));
    await bob.next("state", { status: "transmitting" });
    ann.say(press("door"));
    await ann.next("busy", { holder: "Bob" });
  });

  for (const [what, target] of [
    ["unknown", "Nursery"],
    ["empty", ""],
    ["missing", undefined],
    ["their own", "Ann"],
  ] as const) {
    it(`are refused a target that is ${what}, and nobody hears it`, async () => {
      await using home = await house();
      const [ann, bob] = [await come(home, "Ann"), await come(home, "Bob")];
      ann.say(press(target));
      await ann.next("error");
      await ann.next("state", { status: "idle" });
      speak(ann, 5);
      ann.say({ type: "ptt_stop" });
      ann.say({ type: "get_state" });
      await ann.next("chimes");
      assert.equal(bob.sound.length, 0);
      assert.equal(home.rig.camera.heard.length, 0);
    });
  }

  it("lose the floor when they fall silent, or are gone", async () => {
    await using home = await house();
    const [ann, bob] = [await come(home, "Ann"), await come(home, "Bob")];
    ann.say(press("door"));
    await ann.next("state", { status: "transmitting" });
    speak(ann, 1);
    await ann.next("state", { status: "idle" });
    ann.say(press("door"));
    await ann.next("state", { status: "transmitting" });
    ann.socket.terminate();
    await bob.next("targets", { rooms: ["door"] });
    bob.say(press("door"));
    await bob.next("state", { status: "transmitting" });
  });

  it("are interrupted by an emergency of somebody who may call one, and told who it is", async () => {
    await using home = await house();
    const [ann, bob] = [await come(home, "Ann"), await come(home, "Bob")];
    await ann.next("targets", { rooms: ["Bob", "door"] });
    ann.say(press("door"));
    await ann.next("state", { status: "transmitting" });
    bob.say(press("all", "Emergency"));
    await bob.next("state", { status: "transmitting" });
    assert.deepEqual(await ann.next("busy"), { type: "busy", holder: "Bob" });
    await ann.next("state", { status: "receiving" });
    bob.send(numbered(1));
    await ann.heard(1);
    assert.equal(ann.sound[0]?.[0], 2);
  });

  for (const [emergency, counts] of [
    ["authenticated", 1],
    ["all", 2],
  ] as const) {
    it(`count as ${counts === 1 ? "urgent, and no more" : "emergencies"} with "${emergency}" where each is let in`, async () => {
      await using home = await house({ enrolment: "pending", room: { emergency } });
      const ann = await home.client("Ann");
      await ann.next("error");
      await home.rig.hub.reception.approve("web-ann", { by: "Root", legacy: true });
      await ann.next("targets");
      ann.say(press("door", "Emergency"));
      await ann.next("state", { status: "transmitting" });
      assert.equal(home.rig.hub.turns.holder("door").holder?.priority, counts);
    });
  }

  it("with one name are one device: the newer has it, the older is told, and has it again afterwards", async () => {
    await using home = await house();
    const bob = await come(home, "Bob");
    const older = await come(home, "Ann");
    const newer = await come(home, "Ann");
    assert.match(String((await older.next("error"))["message"]), /another place/);
    assert.equal(older.socket.readyState, older.socket.OPEN);
    await bob.next("targets", { rooms: ["Ann", "door"] });
    bob.say(press("Ann"));
    await bob.next("state", { status: "transmitting" });
    speak(bob, 5);
    await newer.heard(5);
    assert.equal(older.sound.length, 0);
    newer.socket.terminate();
    await older.next("state", { status: "receiving" });
    assert.equal(home.rig.hub.devices.get("web-ann")?.state.phase, "live");
    speak(bob, 5, 5);
    await older.heard(5);
    older.socket.terminate();
    await bob.next("targets", { rooms: ["door"] });
    assert.equal(home.rig.hub.devices.get("web-ann")?.state.phase, "away");
  });

  it("have what they set of loudness, silence and rest, and are told what others set", async () => {
    await using home = await house();
    const ann = await come(home, "Ann");
    const settings = () => home.rig.hub.devices.get("web-ann")?.settings;
    ann.say({ type: "volume", volume: 40 });
    await ann.next("volume", { volume: 40 });
    ann.say({ type: "mute", muted: true });
    await ann.next("mute", { muted: true });
    ann.say({ type: "dnd", enabled: true });
    await ann.next("dnd", { enabled: true });
    assert.deepEqual([settings()?.volume, settings()?.muted, settings()?.doNotDisturb], [0.4, true, true]);
    const bob = await come(home, "Bob");
    bob.say(press("Ann"));
    assert.match(String((await bob.next("error"))["message"]), /disturbed/);
    await home.rig.hub.devices.update("web-ann", { doNotDisturb: false });
    await ann.next("dnd", { enabled: false });
  });

  it("ring one another, and are told for a minute who rang", async () => {
    await using home = await house();
    const [ann, bob] = [await come(home, "Ann"), await come(home, "Bob")];
    ann.say({ type: "call", target: "Bob" });
    assert.deepEqual(await bob.next("recent_call"), { type: "recent_call", caller: "Ann" });
    await bob.next("state", { status: "receiving" });
    await bob.heard(1);
    assert.ok(bob.sound.every((frame) => frame.length === 641));
    const again = await home.client("Bob");
    assert.equal((await again.next("recent_call"))["caller"], "Ann");
    ann.say({ type: "call", target: "Nobody" });
    await ann.next("error");
  });

  it("are told of a ring from anywhere, ring with the hub's own, and are told why nobody is rung", async () => {
    await using home = await house();
    const { hub } = home.rig;
    const [ann, bob] = [await come(home, "Ann"), await come(home, "Bob")];
    hub.rings.ring({ to: ["device:web-bob"], talker: { id: "page", name: "Carl" }, priority: 0 });
    assert.equal((await bob.next("recent_call"))["caller"], "Carl");
    const rung = new Promise<Ring>((resolve) => hub.rings.onRing(resolve));
    ann.say({ type: "call", target: "Doorward" });
    const { caller, callerDevice, deviceIds } = await rung;
    assert.deepEqual([caller, callerDevice, deviceIds], ["Ann", "web-ann", ["web-bob"]], "the hub: every browser");
    await bob.next("recent_call", { caller: "Ann" });
    const gone = new Promise<void>((resolve) => {
      hub.devices.onChange(({ id }) => id === "web-bob" && hub.devices.get(id)?.state.phase === "away" && resolve());
    });
    bob.socket.close();
    await gone;
    ann.say({ type: "call", target: "doorward" });
    const message = "doorward is the hub, which is heard where a browser is open as a station, and none is.";
    await ann.next("error", { message });
  });

  it("are told that their talk ends soon", async () => {
    await using home = await house();
    const floor = { longestTalkS: 10.4 };
    home.rig.hub.follow({ groups: {}, floor, calls: callsConfig.parse({}), house: houseConfig.parse({}) });
    const [ann] = [await come(home, "Ann"), await come(home, "Bob")];
    ann.say(press("Bob"));
    await ann.next("state", { status: "transmitting" });
    using _speaks = every(systemClock, 100, () => speak(ann, 5));
    assert.deepEqual(await ann.next("state", { ending_s: 10 }), {
      ...{ type: "state", status: "transmitting", ending_s: 10 },
    });
  });

  it("are free as soon as a call to all has rung, although one of those that it meant is gone", async () => {
    await using home = await house();
    const [ann, bob] = [await come(home, "Ann"), await come(home, "Bob")];
    const [carl, dora] = [await come(home, "Carl"), await come(home, "Dora")];
    dora.socket.terminate();
    await ann.next("targets", { rooms: ["Bob", "Carl", "door"] });
    ann.say({ type: "call", target: "all" });
    for (const rung of [bob, carl]) {
      await rung.next("state", { status: "receiving" });
      await rung.next("state", { status: "idle" });
    }
    await free(home, ["web-bob", "web-carl"]);
    bob.say(press("Carl"));
    assert.equal((await bob.next("state"))["status"], "transmitting");
    assert.deepEqual(
      bob.told.filter(({ type }) => type === "busy"),
      [],
    );
  });

  it("are told one sentence for what is no message, and go on", async () => {
    await using home = await house();
    const ann = await come(home, "Ann");
    for (const text of ["null", "[]", "{", '"x"', '{"type":"constructor"}', '{"type":"volume","volume":"loud"}', ""]) {
      ann.socket.send(text);
      assert.equal(typeof (await ann.next("error"))["message"], "string");
    }
    ann.say({ type: "identify", client_id: "a/b" });
    assert.match(String((await ann.next("error"))["message"]), /client_id/);
    ann.say({ type: "get_state" });
    await ann.next("state");
  });

  it("that flood, or send what is too large, are let go, and nobody else is", async () => {
    await using home = await house();
    const [ann, bob, carl] = [await come(home, "Ann"), await come(home, "Bob"), await come(home, "Carl")];
    for (let n = 0; n < 200; n++) ann.say({ type: "get_state" });
    assert.equal((await ann.closed).code, 1008);
    bob.send(Buffer.alloc(70_000));
    assert.equal((await bob.closed).code, 1009);
    carl.say({ type: "get_state" });
    await carl.next("state");
  });
});

describe("who may be a client", () => {
  it("is decided by an administrator: until then it is told that it waits, and what it says is nobody's", async () => {
    await using home = await house({ enrolment: "pending" });
    const ann = await home.client("Ann");
    assert.match(String((await ann.next("error"))["message"]), /waits to be let in/);
    ann.say(press("door"));
    assert.match(String((await ann.next("error"))["message"]), /waits to be let in/);
    assert.deepEqual(
      ann.told.filter(({ type }) => type === "targets"),
      [],
    );
    await home.rig.hub.reception.approve("web-ann", { by: "Root", legacy: true });
    assert.deepEqual((await ann.next("targets"))["rooms"], ["door"]);
    ann.say(press("door"));
    await ann.next("state", { status: "transmitting" });
    await home.rig.hub.reception.revoke("web-ann", "Root");
    assert.match(String((await ann.next("error"))["message"]), /waits to be let in/);
  });

  it("shows a device's token with its name, in the head or in identify, and acts on that device's rights", async () => {
    await using home = await house({ enrolment: "pending" });
    const { hub } = home.rig;
    await hub.devices.addTransient({ id: "web-hall", name: "Hall", arrives: "room-web" });
    const token = await hub.reception.renew("web-hall", "Root");
    const hall = await come(home, "Hall", { token });
    hall.say(press("door", "Emergency"));
    await hall.next("state", { status: "transmitting" });
    assert.equal(hub.turns.holder("door").holder?.priority, 2);
    await hall[Symbol.asyncDispose]();
    const again = await home.client();
    again.say({ type: "identify", client_id: "hall", token });
    await again.next("dnd");
    const wrong = await home.client("Hall", { token: `${token.slice(0, -1)}x` });
    assert.match(String((await wrong.next("error"))["message"]), /token/);
    await hub.reception.setGrants("web-hall", { grants: [], by: "Root" });
    again.say(press("door"));
    await again.next("error");
  });

  it("may be a person with a token, who speaks with their own rights and no longer than it counts", async () => {
    await using home = await house({ enrolment: "pending" });
    const { identity } = home.rig;
    const anna = await home.rig.person({ name: "Anna", grants: [{ scope: "device:door", rights: ["talk"] }] });
    const made = await identity.credentials.makeToken(anna.id, { name: "intercom", grants: everything });
    const client = await home.client("Anna", { token: made.secret });
    assert.deepEqual((await client.next("targets"))["rooms"], ["door"]);
    client.say(press("door", "Emergency"));
    await client.next("state", { status: "transmitting" });
    assert.equal(
      home.rig.hub.turns.holder("door").holder?.priority,
      0,
      "an emergency takes the right to call everybody",
    );
    await identity.users.endCredential({ userId: anna.id, via: "token", id: made.id });
    await client.closed;
  });

  it("shows a token that counts, or is not let on at all", async () => {
    await using home = await house();
    await assert.rejects(home.client("Ann", { token: "dwt_nonsense" }), /401/);
  });

  it("comes from no page of another site, unless that is named, and asks for the hub by a name of its own", async () => {
    await using home = await house({ room: { webOrigins: ["http://homeassistant.local:8123"] } });
    const from = (headers: Record<string, string>) => home.client("Ann", { headers });
    await assert.rejects(from({ origin: "http://evil.example" }), /403/);
    await assert.rejects(from({ host: "evil.example" }), /421/);
    const card = await from({ origin: "http://homeassistant.local:8123" });
    await card.next("init");
    const own = await from({ origin: home.http });
    await own.next("init");
  });
});

describe("the clients' chimes", () => {
  it("are listed, sent, chosen and taken away", async () => {
    await using home = await house();
    const ann = await come(home, "Ann");
    const list = async () => (await (await fetch(`${home.http}/api/chimes`)).json()) as { chimes: { name: string }[] };
    const { chimes } = await list();
    assert.ok(chimes.length > 0);
    ann.say({ type: "set_chime", chime: chimes.at(-1)?.name });
    await ann.next("chimes", { current: chimes.at(-1)?.name });
    const { hub } = home.rig;
    using later = new Ringing({ hub, stations: home.stations, emergency: "all", hubName: "Doorward" });
    assert.equal(later.chimes().current, chimes.at(-1)?.name, "also after a restart");
    ann.say({ type: "set_chime", chime: "no such" });
    await ann.next("error");
    const nothing = await fetch(`${home.http}/api/chimes/nothing`, { method: "DELETE" });
    assert.equal(nothing.status, 404);
    const form = new FormData();
    form.append("file", new Blob([Buffer.from("no sound")]), "bad.wav");
    const bad = await fetch(`${home.http}/api/chimes/upload`, { method: "POST", body: form });
    assert.equal(bad.status, 400);
    assert.equal(typeof ((await bad.json()) as { error: string }).error, "string");
    assert.equal((await fetch(`${home.http}/api/chimes/upload`, { method: "POST", body: "x" })).status, 400);
    assert.equal((await fetch(`${home.http}/`)).status, 404);
  });

  it("and counters are for whoever may talk everywhere", async () => {
    await using home = await house({ enrolment: "pending" });
    assert.equal((await fetch(`${home.http}/api/chimes`)).status, 401);
    assert.equal((await fetch(`${home.http}/api/audio_stats`)).status, 401);
  });

  it("stand beside counters of who was heard", async () => {
    await using home = await house();
    const ann = await come(home, "Ann");
    ann.say(press("door"));
    await ann.next("state", { status: "transmitting" });
    speak(ann, 3);
    ann.say({ type: "get_state" });
    await ann.next("chimes");
    const stats = (await (await fetch(`${home.http}/api/audio_stats`)).json()) as Record<string, unknown>;
    assert.equal(stats["current_state"], "transmitting");
    assert.equal((stats["senders"] as Record<string, { packet_count: number }>)["Ann"]?.packet_count, 3);
  });
});
