import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../../../test/contracts/rig.ts";
import { DoorPeer, soundFrame } from "../../../test/peers/door-peer.ts";
import { type Rig, type RigOptions, startRig } from "../../../test/web-rig.ts";
import { createOpusDecoder } from "../../codecs/opus/index.ts";
import { bytesOf, samplesOf } from "../../codecs/pcm/index.ts";
import { pcmFormat } from "../../media/format.ts";
import { writeBinaryFrame } from "../../protocols/door/binary.ts";
import { doorLimits } from "../../protocols/door/limits.ts";
import { ManualClock } from "../../util/clock.ts";
import { every } from "../../util/every.ts";

/** A hub with a door surface, and peers that end with it. */
async function house(options: RigOptions = {}) {
  await using opened = new AsyncDisposableStack();
  const rig = opened.use(await startRig({}, { enrolment: "open", ...options, door: { port: 0, ...options.door } }));
  const port = portOf(rig, "tcp:");
  const owned = opened.move();
  return {
    rig,
    port,
    station: async (clientId = "front-door", more: object = {}) =>
      owned.use(await DoorPeer.station({ port, clientId, register: more })),
    client: async (clientId = "phone", more: object = {}) =>
      owned.use(await DoorPeer.connect({ port, register: { role: "home_assistant", client_id: clientId, ...more } })),
    bare: async (tls?: true) => owned.use(await DoorPeer.connect({ port, ...(tls && { tls }) })),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function portOf({ web }: Rig, protocol: string): number {
  const address = web.addresses.find((one) => one.startsWith(protocol)) ?? "";
  return Number(address.split(":").at(-1));
}

const command = (name: string, id: string, payload: object = {}, more: object = {}) => ({
  type: "command",
  command: name,
  payload,
  command_id: id,
  ...more,
});

async function listening(client: DoorPeer, streamId: string, id = `start-${streamId}`) {
  client.say(command("start_audio", id, { stream_id: streamId }));
  const answer = await client.next({ type: "response", command_id: id });
  assert.equal(answer["status"], "ok", JSON.stringify(answer));
}

/** The largest sample, of 16 bits each. */
function loudest(pcm: Uint8Array): number {
  return samplesOf(pcm).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

describe("door: registration", () => {
  it("lets a station and a client in where everybody is, and says so in the original's words", async () => {
    await using hub = await house();
    const station = await hub.station("intercom-1");
    assert.deepEqual(station.told, [{ type: "registered", status: "ok", role: "intercom", client_id: "intercom-1" }]);
    const client = await hub.client("ha-client-1");
    assert.deepEqual(client.told, [
      { type: "registered", status: "ok", role: "home_assistant", client_id: "ha-client-1" },
    ]);
    const device = hub.rig.hub.devices.get("intercom-1");
    assert.deepEqual([device?.name, device?.info().kind, device?.state.phase], ["Intercom 1", "door", "live"]);
  });

  it("gives each fault its reason, and ends that connection only", async () => {
    await using hub = await house();
    const station = await hub.station();
    const cases: readonly (readonly [string, string])[] = [
      ["expected_register", '{"type":"event","event":"ring"}'],
      ["invalid_role", '{"type":"register","role":"admin","client_id":"x"}'],
      ["invalid_client_id", '{"type":"register","role":"intercom","client_id":""}'],
      ["invalid_client_id", '{"type":"register","role":"intercom","client_id":"???"}'],
      ["invalid_json", "GET / HTTP/1.1"],
      ["message_not_object", "[]"],
      ["empty_message", ""],
      ["line_too_long", "x".repeat(10_000)],
      ["unauthorized", '{"type":"register","role":"home_assistant","client_id":"x","token":"dwt_wrong"}'],
    ];
    for (const [reason, line] of cases) {
      const peer = await hub.bare();
      peer.socket.write(`${line}\n`);
      assert.equal((await peer.next({ type: "error" }))["reason"], reason, line.slice(0, 60));
      await peer.closed;
    }
    await station.settled();
  });

  it("wants a token of a client, and acts with its person's rights", async () => {
    await using hub = await house({ enrolment: "pending" });
    const { hub: own, identity } = hub.rig;
    await own.devices.addTransient({ id: "front-door", name: "Front door", arrives: "door" });
    const token = await own.reception.renew("front-door", "Anna");
    const stranger = await hub.bare();
    stranger.say({ type: "register", role: "home_assistant", client_id: "phone" });
    assert.equal((await stranger.next({ type: "error" }))["reason"], "unauthorized");
    const unknown = await hub.bare();
    unknown.say({ type: "register", role: "intercom", client_id: "shed" });
    assert.equal((await unknown.next({ type: "error" }))["reason"], "pending");
    assert.deepEqual(
      own.reception.waiting().map(({ id, kind }) => [id, kind]),
      [["shed", "door"]],
    );
    const wrong = await hub.bare();
    wrong.say({ type: "register", role: "intercom", client_id: "front-door", token: "dwd_wrong" });
    assert.equal((await wrong.next({ type: "error" }))["reason"], "refused");
    const station = await hub.station("front-door", { token });
    const person = await hub.rig.person({ name: "Bea", grants: [{ scope: "device:front-door", rights: ["listen"] }] });
    const made = await identity.credentials.makeToken(person.id, {
      name: "phone",
      grants: [{ scope: "*", rights: ["listen", "talk", "unlock"] }],
    });
    const client = await hub.client("phone", { token: made.secret });
    client.say(command("unlock", "u"));
    const refused = await client.next({ type: "error" });
    assert.deepEqual([refused["reason"], refused["command_id"]], ["forbidden", "u"]);
    await listening(client, "s");
    station.sound("s", 0);
    await client.next({ type: "audio_frame" });
    client.sound("s", 0);
    assert.equal((await client.next({ type: "error", reason: "forbidden", command_id: undefined })).type, "error");
    await client.settled();
    await station.settled();
    assert.deepEqual(station.all("audio_frame"), []);
    identity.credentials.end({ userId: person.id, via: "token", id: made.id });
    assert.equal((await client.next({ type: "error", reason: "revoked" })).type, "error");
    await client.closed;
  });

  it("ends a connection that does not register in time, however slowly it writes", async () => {
    const clock = new ManualClock();
    await using hub = await house({ clock });
    const silent = await hub.bare();
    const slow = await hub.bare();
    await eventually(() => slow.socket.readyState === "open");
    slow.socket.write("{");
    await new Promise((resolve) => slow.socket.write('"', resolve));
    for (let second = 0; second < 10; second++) {
      await clock.advance(1000);
      slow.socket.write("t");
    }
    await clock.advance(1000);
    for (const peer of [silent, slow]) {
      assert.equal((await peer.next({ type: "error" }))["reason"], "registration_timeout");
    }
  });

  it("speaks TLS with whoever begins with it, on the same port and on another", async () => {
    await using hub = await house({ door: { port: 0, tlsPort: 0 } });
    const same = await hub.bare(true);
    const other = await DoorPeer.connect({ port: portOf(hub.rig, "tls:"), tls: true });
    for (const [peer, name] of [
      [same, "one"],
      [other, "two"],
    ] as const) {
      peer.say({ type: "register", role: "intercom", client_id: name });
      await peer.next({ type: "registered" });
    }
    await other[Symbol.asyncDispose]();
    const plain = await DoorPeer.connect({ port: portOf(hub.rig, "tls:") });
    plain.say({ type: "register", role: "intercom", client_id: "three" });
    assert.equal((await plain.next({ type: "error" }))["reason"], "plain_connection");
    await plain.closed;
  });
});

describe("door: commands", () => {
  it("go to the station under ids of the hub, and answers come back under the client's own", async () => {
    await using hub = await house();
    const station = await hub.station();
    const [one, other] = [await hub.client("one"), await hub.client("other")];
    for (const client of [one, other]) client.say(command("status", "7", { of: client === one ? 1 : 2 }));
    for (const [client, of] of [
      [one, 1],
      [other, 2],
    ] as const) {
      const answer = await client.next({ type: "response" });
      assert.deepEqual([answer["command_id"], answer["payload"]], ["7", { of }]);
      assert.deepEqual(client.told[1], { type: "command_ack", command_id: "7", generated: false });
    }
    const seen = station.all("command");
    assert.deepEqual(
      seen.map((each) => each["origin_id"]),
      ["one", "other"],
    );
    assert.equal(new Set(seen.map((each) => each["command_id"])).size, 2);
    one.say({ type: "command", command: "status" });
    const ack = await one.next({ type: "command_ack", generated: true });
    await one.next({ type: "response", command_id: ack["command_id"] });
  });

  it("end with a clear answer when the station says nothing, and its late one costs nobody anything", async () => {
    const clock = new ManualClock();
    await using hub = await house({ clock });
    const station = await hub.station();
    station.silence();
    const client = await hub.client();
    client.say(command("status", "w"));
    const asked = await station.next({ type: "command" });
    await clock.advance(doorLimits.commandMs.value + 1);
    const answer = await client.next({ type: "response", command_id: "w" });
    assert.deepEqual([answer["status"], answer["payload"]], ["error", { reason: "timeout" }]);
    station.say({ type: "response", command_id: asked["command_id"], status: "ok", payload: {} });
    await station.settled();
    assert.deepEqual(station.all("error"), []);
    station.say({ type: "response", command_id: "never", status: "ok", payload: {} });
    await station.settled();
    assert.equal(station.all("error")[0]?.["reason"], "unknown_command_id");
    assert.equal(client.all("response").length, 1);
  });

  it("are answered for a station that is gone, and refused with their id where none is", async () => {
    await using hub = await house();
    const client = await hub.client();
    client.say(command("status", "none"));
    const refused = await client.next({ type: "error" });
    assert.deepEqual(
      [refused["reason"], refused["command_id"], (refused["details"] as { command_id: string }).command_id],
      ["intercom_unavailable", "none", "none"],
    );
    const station = await hub.station();
    station.silence();
    client.say(command("status", "gone"));
    await station.next({ type: "command" });
    station.socket.destroy();
    const answer = await client.next({ type: "response", command_id: "gone" });
    assert.deepEqual(answer["payload"], { reason: "intercom_disconnected" });
    await client.settled();
  });

  it("are carried out once however often they are repeated, also over a reconnect, and answered each time", async () => {
    await using hub = await house({ door: { port: 0, unlockCommands: [] } });
    const station = await hub.station();
    station.silence();
    const first = await hub.client();
    for (let n = 0; n < 3; n++) first.say(command("open_gate", "g"));
    const asked = await station.next({ type: "command" });
    await first.settled();
    await first[Symbol.asyncDispose]();
    await station.next({ type: "error", reason: "origin_client_disconnected" });
    const second = await hub.client();
    second.say(command("open_gate", "g"));
    await second.next({ type: "command_ack" });
    station.say({ type: "response", command_id: asked["command_id"], status: "ok", payload: { open: true } });
    assert.deepEqual((await second.next({ type: "response" }))["payload"], { open: true });
    second.say(command("open_gate", "g"));
    await second.next(() => second.all("response").length === 2);
    await station.settled();
    assert.equal(station.all("command").length, 1);
    second.say(command("open_gate", "g", { wide: true }));
    await station.next(() => station.all("command").length === 2);
  });

  it("that open a door need their right, expire, are one while it opens, and are noted", async () => {
    const clock = new ManualClock();
    await using hub = await house({ clock });
    const station = await hub.station();
    station.silence();
    const guest = await hub.client("guest");
    guest.say(command("unlock", "u"));
    assert.equal((await guest.next({ type: "error" }))["reason"], "forbidden");
    const { secret } = await hub.rig.identity.credentials.makeToken(
      (await hub.rig.person({ name: "Root", administrator: true })).id,
      { name: "t", grants: [{ scope: "*", rights: ["unlock"] }] },
    );
    const [one, other] = [await hub.client("one", { token: secret }), await hub.client("other", { token: secret })];
    one.say(command("unlock", "1"));
    const asked = await station.next({ type: "command" });
    assert.equal(asked["expires_ms"], 5000);
    other.say(command("unlock", "2"));
    await other.next({ type: "command_ack" });
    station.say({ type: "response", command_id: asked["command_id"], status: "ok", payload: { open: true } });
    for (const client of [one, other])
      assert.deepEqual((await client.next({ type: "response" }))["payload"], { open: true });
    other.say(command("unlock", "3"));
    await other.next({ type: "response", command_id: "3" });
    await station.settled();
    assert.equal(station.all("command").length, 1);
    await clock.advance(5001);
    other.say(command("unlock", "4"));
    await station.next(() => station.all("command").length === 2);
    await clock.advance(5001);
    assert.deepEqual((await other.next({ type: "response", command_id: "4" }))["payload"], { reason: "timeout" });
    await hub.rig.identity.store.settled();
    const noted = hub.rig.identity.audit.list().filter(({ action }) => action === "unlock");
    assert.deepEqual(
      noted.map(({ subject, detail }) => [subject, detail]),
      [
        ["front-door", "timeout"],
        ["front-door", "opened"],
        ["front-door", "opened"],
        ["front-door", "opened"],
      ],
    );
  });

  it("that are malformed are answered with their reason and cost nothing, unless there is no end of them", async () => {
    await using hub = await house();
    const station = await hub.station();
    const client = await hub.client();
    const cases: readonly (readonly [string, object])[] = [
      ["invalid_command", { type: "command", command: "" }],
      ["invalid_payload", { type: "command", command: "x", payload: 7 }],
      ["unsupported_message:dance", { type: "dance" }],
      ["audio_direction_unsupported", command("start_audio", "d", { direction: "both" })],
      ["invalid_stream_id", command("start_audio", "i", { stream_id: 7 })],
      ["invalid_stream_id", command("stop_audio", "j")],
      ["unknown_stream_id", command("stop_audio", "k", { stream_id: "x" })],
      ["unknown_stream_id", soundFrame("nothing", 0)],
    ];
    for (const [reason, message] of cases) {
      const before = client.all("error").length;
      client.say(message);
      await client.next(() => client.all("error").length > before);
      assert.equal(client.all("error").at(-1)?.["reason"], reason);
    }
    client.socket.write(`${"x".repeat(doorLimits.lineBytes.value + 1)}\n`);
    await client.next({ type: "error", reason: "line_too_long" });
    await client.settled();
    for (let n = 0; n < 100; n++) client.socket.write("[".repeat(5000).concat("\n"));
    await client.next({ type: "error", reason: "too_many_errors" });
    await client.closed;
    await station.settled();
  });
});

describe("door: sound", () => {
  it("goes both ways for several clients at once, each in its own stream", async () => {
    await using hub = await house();
    const station = await hub.station();
    const [one, other] = [await hub.client("one"), await hub.client("other")];
    await listening(one, "s1");
    await listening(other, "s2");
    station.sound("s1", 0);
    station.sound("s2", 9);
    one.sound("s1", 4);
    const heard = await one.next({ type: "audio_frame" });
    const { data: _data, ...head } = heard;
    assert.deepEqual(head, {
      type: "audio_frame",
      stream_id: "s1",
      sequence: 0,
      encoding: "pcm_s16le",
      sample_rate: 16_000,
      channels: 1,
      direction: "intercom_to_client",
      origin_id: "front-door",
    });
    assert.equal((await other.next({ type: "audio_frame" }))["sequence"], 9);
    const said = await station.next({ type: "audio_frame" });
    assert.deepEqual([said["direction"], said["origin_id"], said["sequence"]], ["client_to_intercom", "one", 4]);
    one.sound("s2", 0);
    assert.equal((await one.next({ type: "error" }))["reason"], "stream_not_owned");
    other.say(command("start_audio", "again", { stream_id: "s1" }));
    assert.equal((await other.next({ type: "error" }))["reason"], "stream_id_in_use");
  });

  it("that is under way when a listener vanishes or a talk is stopped is passed over", async () => {
    await using hub = await house();
    const station = await hub.station();
    const first = await hub.client("first");
    await listening(first, "s");
    first.socket.destroy();
    const notice = await station.next({ type: "error" });
    assert.deepEqual(
      [notice["reason"], notice["details"]],
      ["audio_client_disconnected", { client_id: "first", stream_id: "s" }],
    );
    for (let n = 0; n < 200; n++) station.sound("s", n);
    await station.settled();
    const second = await hub.client("second");
    await listening(second, "t");
    second.say(command("stop_audio", "stop", { stream_id: "t" }));
    assert.equal((await second.next({ type: "response", command_id: "stop" }))["status"], "ok");
    for (const peer of [station, second]) {
      peer.sound("t", 1);
      await peer.settled();
    }
    assert.equal(station.all("error").length, 1);
    assert.deepEqual(second.all("error"), []);
    await listening(second, "t", "t-again");
  });

  it("ends at both ends when one reports that it failed, or the station goes", async () => {
    await using hub = await house();
    const station = await hub.station();
    const client = await hub.client();
    await listening(client, "a");
    station.say({ type: "error", reason: "audio_stream_failed", details: { stream_id: "a" } });
    assert.deepEqual((await client.next({ type: "error", reason: "audio_stream_failed" }))["details"], {
      stream_id: "a",
      encoding: "pcm_s16le",
    });
    await listening(client, "b");
    client.say({ type: "error", reason: "audio_stream_failed", details: { stream_id: "b" } });
    await station.next({ type: "error", reason: "audio_client_disconnected" });
    await listening(client, "c");
    await station[Symbol.asyncDispose]();
    const gone = await client.next({ type: "error", reason: "audio_intercom_disconnected" });
    assert.deepEqual(gone["details"], { stream_id: "c", encoding: "pcm_s16le" });
  });

  it("is not begun by an answer that makes no sense: both are told, nobody is thrown out", async () => {
    await using hub = await house();
    const station = await hub.station();
    const client = await hub.client();
    station.answer({ encoding: "pcm_s16le", channels: 1 });
    client.say(command("start_audio", "a", { stream_id: "s" }));
    const answer = await client.next({ type: "response", command_id: "a" });
    assert.deepEqual([answer["status"], answer["payload"]], ["error", { reason: "invalid_sample_rate" }]);
    assert.equal((await station.next({ type: "error" }))["reason"], "invalid_sample_rate");
    station.answer();
    await listening(client, "s", "b");
  });

  it("passes by binary frames to who announced them, and as before to who did not", async () => {
    await using hub = await house();
    const station = await hub.station("front-door", { features: ["binary", "future"] });
    assert.deepEqual(station.told[0]?.["features"], ["binary"]);
    const client = await hub.client();
    await listening(client, "s");
    const pcm = new Uint8Array(640).fill(77);
    station.socket.write(
      writeBinaryFrame({ streamId: "s", sequence: 5, sampleRateHz: 16_000, channels: 1, toClient: false, pcm }),
    );
    const heard = await client.next({ type: "audio_frame" });
    assert.deepEqual([heard["sequence"], Buffer.from(String(heard["data"]), "base64")], [5, Buffer.from(pcm)]);
    client.sound("s", 6);
    await eventually(() => station.rest.length === 16 + 1 + 1280);
    assert.deepEqual([...station.rest.subarray(0, 4)], [0xf5, 1, 1, 0]);
  });

  it("of one client holds the floor of the station while it is heard, and gives way to do-not-disturb", async () => {
    await using hub = await house();
    const station = await hub.station();
    const client = await hub.client();
    await listening(client, "s");
    client.sound("s", 0, { silent: true });
    await station.next({ type: "audio_frame" });
    const { turns, devices } = hub.rig.hub;
    assert.equal(turns.holder("front-door").holder, undefined);
    client.sound("s", 1);
    await station.next(() => station.all("audio_frame").length === 2);
    assert.equal(turns.holder("front-door").holder?.name, "phone");
    await devices.update("front-door", { doNotDisturb: true });
    client.sound("s", 2);
    const told = await client.next({ type: "error", reason: "audio_held" });
    assert.deepEqual(told["details"], { stream: "s" });
    await station.settled();
    assert.equal(station.all("audio_frame").length, 2);
  });
});

describe("door: what makes the hub pause", () => {
  it("waits while a client has sound with a station, and while it rings", async () => {
    await using hub = await house();
    const station = await hub.station();
    const client = await hub.client();
    assert.equal(hub.rig.web.isBusy(), false);
    await listening(client, "s");
    assert.equal(hub.rig.web.isBusy(), true);
    client.say(command("stop_audio", "end", { stream_id: "s" }));
    await client.next({ type: "response", command_id: "end" });
    assert.equal(hub.rig.web.isBusy(), false);
    station.say({ type: "event", event: "ring", payload: {} });
    await station.settled();
    assert.equal(hub.rig.web.isBusy(), true);
  });
});

describe("door: garbage", () => {
  it("costs a registered connection a sentence each, and nobody else anything", async () => {
    await using hub = await house();
    const station = await hub.station();
    const client = await hub.client();
    const ping = '{"type":"event","event":"e","payload":';
    const lines: readonly (readonly [string | undefined, Uint8Array | string])[] = [
      ["invalid_json", "[".repeat(100_000)],
      ["invalid_json", `${ping}${"[".repeat(80_000)}${"]".repeat(80_000)}}`],
      ["invalid_json", Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
      ["invalid_json", '{"type":"event","event":"\ud83d'],
      ["line_too_long", "x".repeat(1_000_000)],
      ["unsupported_message:__proto__", '{"type":"__proto__"}'],
      ["unsupported_message:constructor", '{"type":"constructor"}'],
      ["invalid_event", '{"__proto__":{"event":"ring"},"type":"event"}'],
      [undefined, `${ping}{"__proto__":{"polluted":true},"\u005f_proto__":{"polluted":true},"a":1}}`],
    ];
    for (const [reason, line] of lines) {
      const before = station.all("error").length;
      station.socket.write(line);
      station.socket.write("\n");
      await station.settled();
      assert.equal(station.all("error")[before]?.["reason"], reason, String(line).slice(0, 60));
    }
    assert.deepEqual((await client.next({ type: "event" }))["payload"], { a: 1 });
    assert.equal(Object.hasOwn(Object.prototype, "polluted"), false);
    await client.settled();
  });

  it("of one byte at a time is a message like any other, once", async () => {
    await using hub = await house();
    const station = await hub.station();
    const client = await hub.client();
    const line = Buffer.from(`${JSON.stringify({ type: "event", event: "Tür 🔔", payload: {} })}\r\n`);
    for (const byte of line) await new Promise((resolve) => station.socket.write(Uint8Array.of(byte), resolve));
    assert.equal((await client.next({ type: "event" }))["event"], "Tür 🔔");
    await station.settled();
    assert.equal(client.all("event").length, 1);
    assert.deepEqual(station.all("error"), []);
  });

  it("of registrations is bounded: each is answered, and who is there stays", async () => {
    await using hub = await house();
    const station = await hub.station();
    const reasons: unknown[] = [];
    for (let n = 0; n < 200; n += 50) {
      const peers = await Promise.all(Array.from({ length: 50 }, (_, index) => hub.station(`flood-${n + index}`)));
      for (const peer of peers) reasons.push(peer.told[0]?.["reason"] ?? "registered");
    }
    assert.deepEqual([...new Set(reasons)].sort(), ["refused", "registered"]);
    assert.ok(hub.rig.hub.devices.list().length <= 65);
    await station.settled();
  });
});

describe("door: events and stations", () => {
  it("tells a press of a bell once, however often its contact bounces, and other events each time", async () => {
    const clock = new ManualClock();
    await using hub = await house({ clock });
    const station = await hub.station();
    const client = await hub.client();
    for (let n = 0; n < 8; n++) {
      station.say({ type: "event", event: "ring", payload: { n } });
      await station.settled();
      await clock.advance(120);
    }
    station.say({ type: "event", event: "ring", payload: { bell: "garden" } });
    for (let n = 0; n < 2; n++) station.say({ type: "event", event: "contact", payload: { n } });
    await station.settled();
    await client.settled();
    const { calls } = hub.rig.hub;
    const names = calls.list().map(({ from, rung }) => [from.name, rung.map(({ party }) => party)]);
    assert.deepEqual(names, [
      ["Front door", ["client:phone"]],
      ["Front door, garden", ["client:phone"]],
    ]);
    assert.deepEqual(client.all("event"), [
      { type: "event", event: "ring", payload: { n: 0 } },
      { type: "event", event: "ring", payload: { bell: "garden" } },
      { type: "event", event: "contact", payload: { n: 0 } },
      { type: "event", event: "contact", payload: { n: 1 } },
    ]);
    const later = await hub.client("later");
    station.say({ type: "event", event: "ring", payload: { n: 8 } });
    assert.deepEqual((await later.next({ type: "event" }))["payload"], { n: 8 });
    for (const { id } of calls.list()) calls.end(id, undefined);
    await clock.advance(3000);
    station.say({ type: "event", event: "ring", payload: {} });
    await client.next(() => client.all("event").length === 5);
  });

  it("rings clients, of which the first that speaks with the visitor has answered; others are told and may join", async () => {
    await using hub = await house();
    const station = await hub.station();
    const [phone, panel] = [await hub.client("phone"), await hub.client("panel", { features: ["calls"] })];
    station.say({ type: "event", event: "ring", payload: {} });
    const { call_id: id, ...ringing } = await panel.next({ type: "call" });
    assert.deepEqual(ringing, {
      type: "call",
      change: "ringing",
      state: "ringing",
      name: "Front door",
      station: "front-door",
      lock: true,
      by: "Front door",
    });
    panel.say({ type: "call", call_id: id, action: "ringing" });
    await panel.settled();
    const rung = () => hub.rig.hub.calls.get(String(id))?.rung.map(({ party, state }) => `${party} ${state}`);
    assert.deepEqual(rung(), ["client:phone ringing", "client:panel ringing"]);
    await listening(phone, "s");
    assert.equal((await panel.next({ type: "call", change: "answered" }))["by"], "phone");
    panel.say({ type: "call", call_id: id, action: "answer" });
    const refused = await panel.next({ type: "error", reason: "call_refused" });
    const { message: _, ...why } = refused["details"] as { readonly message: string };
    assert.deepEqual(why, { call_id: id, why: "answered", by: "phone" });
    phone.sound("s", 0);
    await station.next({ type: "audio_frame" });
    phone.say(command("stop_audio", "end", { stream_id: "s" }));
    assert.equal((await panel.next({ type: "call", change: "ended" }))["by"], "phone");
    assert.deepEqual(hub.rig.hub.calls.list(), []);
  });

  it("is heard by a third who joins the call, and hears them over the station's sound, and itself nowhere", async () => {
    await using hub = await house();
    const station = await hub.station();
    const phone = await hub.client();
    station.say({ type: "event", event: "ring", payload: {} });
    await phone.next({ type: "event" });
    await listening(phone, "s");
    const { calls, callMedia, voices, clock } = hub.rig.hub;
    const [call] = calls.list();
    assert.equal(call?.state, "answered");
    const anna = { party: "person:anna", name: "Anna" } as const;
    calls.join(call.id, anna);
    using voice = voices.open({ owner: anna.party, format: pcmFormat(16_000) });
    using _speaking = callMedia.speak(call.id, { party: anna.party, voice: voice.track });
    using ear = callMedia.ear(call.id, anna.party)?.read({ maxFrames: 500 });
    using decoder = await createOpusDecoder({ sampleRateHz: 16_000, channels: 1 });
    let heardByAnna = 0;
    let n = 0;
    using _all = every(clock, 20, () => {
      const tone = Int16Array.from({ length: 320 }, (_, at) => 3000 * Math.sin((n * 320 + at) * 0.2));
      voice.write({ data: bytesOf(tone), timestampUs: clock.nowUs(), durationUs: 20_000, key: true });
      if (n++ % 2 > 0) return;
      station.sound("s", (n - 1) / 2, { silent: true });
      phone.sound("s", (n - 1) / 2);
      for (let frame = ear?.take(); frame; frame = ear?.take()) {
        heardByAnna = Math.max(heardByAnna, loudest(decoder.decode(frame.data)));
      }
    });
    const heardByPhone = () => loudest(Buffer.from(String(phone.all("audio_frame").at(-1)?.["data"] ?? ""), "base64"));
    await eventually(() => heardByAnna > 4000 && heardByPhone() > 1500);
    assert.ok(heardByPhone() < 5000, "who speaks hears the others only");
    const toStation = station.all("audio_frame").map(({ data }) => String(data));
    assert.ok(toStation.length > 0);
    calls.end(call.id, anna);
    const before = phone.all("audio_frame").length;
    await phone.next(() => phone.all("audio_frame").length > before + 12);
    assert.equal(heardByPhone(), 0, "the two are alone again");
  });

  it("lets a client decline and hang up, ends what it took part in when it vanishes, and refuses what is over", async () => {
    await using hub = await house();
    const station = await hub.station();
    const [one, other] = [
      await hub.client("one", { features: ["calls"] }),
      await hub.client("other", { features: ["calls"] }),
    ];
    station.say({ type: "event", event: "ring", payload: { bell: "gate" } });
    const first = await one.next({ type: "call" });
    one.say({ type: "call", call_id: first["call_id"], action: "decline", reply: "Not today" });
    const declined = await other.next({ type: "call", change: "ended" });
    assert.deepEqual([declined["reason"], declined["by"]], ["declined", "one"]);
    one.say({ type: "call", call_id: first["call_id"], action: "answer" });
    await one.next({ type: "error", reason: "call_refused" });
    one.say({ type: "call", call_id: "never", action: "explode" });
    await one.next({ type: "error", reason: "invalid_call" });
    station.say({ type: "event", event: "ring", payload: { bell: "yard" } });
    const second = await one.next(({ type, bell }) => type === "call" && bell === "yard");
    one.say({ type: "call", call_id: second["call_id"], action: "answer" });
    await other.next({ type: "call", change: "answered" });
    one.socket.destroy();
    await other.next(({ change, bell }) => change === "ended" && bell === "yard");
    await station.settled();
  });

  it("lets a client of before decline by a command, with a reply; while none rings, its station gets that command", async () => {
    await using hub = await house();
    const station = await hub.station();
    const [one, other] = [await hub.client("one"), await hub.client("other")];
    station.say({ type: "event", event: "ring", payload: { bell: "gate" } });
    for (const client of [one, other]) await client.next({ type: "event" });
    const ended = hub.rig.hub.calls.list()[0]?.id ?? "";
    one.say(command("decline", "d1", { reply: "Not today" }));
    const told = await one.next({ type: "response", command_id: "d1" });
    assert.deepEqual(told["payload"], { call_id: ended, state: "ended" });
    const call = hub.rig.hub.calls.get(ended);
    assert.deepEqual([call?.endReason, call?.endedBy?.name, call?.reply], ["declined", "one", "Not today"]);
    // The reply is said at the door, so its sound is opened; it is given no command of the client's.
    const given = () => station.all("command").filter((asked) => asked["origin_id"] !== "hub");
    assert.deepEqual(given(), []);
    one.say(command("decline", "d1", { reply: "Not today" }));
    await one.next(() => one.all("response").length === 2);
    other.say(command("reject", "d2"));
    await other.next({ type: "response", command_id: "d2" });
    assert.deepEqual(
      given().map((asked) => asked["command"]),
      ["reject"],
    );
  });

  it("never tells a station to open that was let in by its address alone, whoever asks", async () => {
    await using hub = await house({ enrolment: "pending" });
    const { hub: own, identity } = hub.rig;
    const waiting = await hub.bare();
    waiting.say({ type: "register", role: "intercom", client_id: "front-door" });
    await waiting.next({ type: "error", reason: "pending" });
    await own.reception.approve("front-door", { legacy: true, by: "Anna" });
    const station = await hub.station();
    const root = await hub.rig.person({ name: "Root", administrator: true });
    const { secret: token } = await identity.credentials.makeToken(root.id, {
      name: "t",
      grants: [{ scope: "*", rights: ["talk", "unlock"] }],
    });
    const client = await hub.client("phone", { token });
    client.say(command("open_door", "u"));
    const answer = await client.next({ type: "response", command_id: "u" });
    assert.deepEqual(
      [answer["status"], (answer["payload"] as Record<string, unknown>)["reason"]],
      ["error", "legacy_station"],
    );
    await station.settled();
    assert.deepEqual(station.all("command"), []);
    client.say(command("status", "s"));
    await client.next({ type: "response", command_id: "s" });
    assert.equal(station.all("command").length, 1);
  });

  it("has many stations: a newer client names them, one of before means the one it was told of last, or is assigned to", async () => {
    await using hub = await house({ door: { port: 0, assign: { tablet: "back-door" } } });
    const front = await hub.station("front-door");
    const back = await hub.station("back-door");
    const phone = await hub.client("phone");
    const tablet = await hub.client("tablet");
    const panel = await hub.client("panel", { features: ["stations"] });
    const list = await panel.next({ type: "stations" });
    assert.deepEqual(list["stations"], [
      { id: "front-door", name: "Front door", online: true },
      { id: "back-door", name: "Back door", online: true },
    ]);
    const reached = async (client: DoorPeer, id: string, more: object = {}) => {
      const before = [front.all("command").length, back.all("command").length];
      client.say(command("status", id, {}, more));
      const answer = await client.next({ type: "response", command_id: id });
      const is = [front.all("command").length, back.all("command").length];
      return [is[0] !== before[0] ? "front" : "back", answer["station"]];
    };
    assert.deepEqual(await reached(phone, "1"), ["front", undefined]);
    back.say({ type: "event", event: "ring", payload: {} });
    await phone.next({ type: "event" });
    assert.deepEqual(await reached(phone, "2"), ["back", undefined]);
    assert.deepEqual(await reached(tablet, "3"), ["back", undefined]);
    assert.deepEqual(await reached(panel, "4", { station: "front-door" }), ["front", "front-door"]);
    assert.equal((await panel.next({ type: "event" }))["station"], "back-door");
    panel.say(command("status", "5", {}, { station: "no-door" }));
    assert.equal((await panel.next({ type: "error" }))["reason"], "intercom_unavailable");
    front.socket.destroy();
    const news = await panel.next(
      (message) => message.type === "stations" && message !== list && panel.all("stations").length > 1,
    );
    assert.deepEqual(
      (news["stations"] as { online: boolean }[]).map(({ online }) => online),
      [false, true],
    );
  });

  it("pings who announced it, and lets go of one that says nothing; a newer connection takes the place of a dead one", async () => {
    const clock = new ManualClock();
    await using hub = await house({ clock });
    const station = await hub.station("front-door", { features: ["ping"] });
    const old = await hub.station("back-door");
    const newer = await hub.station("back-door");
    assert.equal((await old.next({ type: "error" }))["reason"], "replaced");
    await old.closed;
    for (let n = 1; n <= 3; n++) {
      await clock.advance(doorLimits.pingMs.value);
      if (n < 3) await station.next(() => station.all("ping").length === n);
    }
    await station.closed;
    await newer.settled();
    assert.equal(hub.rig.hub.devices.get("front-door")?.state.phase, "away");
  });

  it("keeps others out of a name in use, and lets the same client come again", async () => {
    await using hub = await house();
    const first = await hub.client("phone");
    const { secret } = await hub.rig.identity.credentials.makeToken((await hub.rig.person({ name: "Eve" })).id, {
      name: "t",
      grants: [],
    });
    const other = await hub.client("phone", { token: secret });
    assert.equal(other.told[0]?.["reason"], "duplicate_client_id");
    await hub.client("phone");
    assert.equal((await first.next({ type: "error" }))["reason"], "replaced");
  });

  it("says goodbye when the hub ends", async () => {
    await using hub = await house();
    const station = await hub.station();
    await hub.rig[Symbol.asyncDispose]();
    await station.closed;
    assert.deepEqual(station.told.slice(1), [{ type: "close" }]);
  });
});
