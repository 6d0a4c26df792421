import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OpusEncoder } from "../../codecs/opus/index.ts";
import { sealGroupKey } from "../../protocols/room/group-key.ts";
import type { Destination, TalkWriting } from "../../workers/pace/index.ts";
import { noLoudspeaker, noMicrophone } from "../machine/files.ts";
import type { Decoders } from "./decoders.ts";
import { StationMessages } from "./messages.ts";
import { stationSettingsSchema } from "./settings.ts";
import { Station } from "./station.ts";

const sender = "00112233445566ff";
const id = "intercom_445566ff";

const ownKey = Buffer.alloc(32, 7);

function rig(how: { readonly discovery?: boolean; readonly key?: Uint8Array } = {}) {
  const said: string[] = [];
  const talks: { readonly to: readonly Destination[]; readonly writing: TalkWriting; over: () => void }[] = [];
  const frames: Int16Array[] = [];
  const kept: unknown[] = [];
  const encoder: OpusEncoder = { encode: () => new Uint8Array(8), lookaheadSamples: 0, [Symbol.dispose]: () => {} };
  const station = new Station({
    sender,
    room: "Kitchen",
    key: how.key,
    settings: stationSettingsSchema.parse({}),
    encoder,
    decoders: { of: () => undefined } as unknown as Decoders,
    microphone: noMicrophone,
    loudspeaker: {
      ...noLoudspeaker,
      write: (frame) => {
        frames.push(frame);
        return true;
      },
    },
    begin: (to, writing) => {
      const over = Promise.withResolvers<{ sent: number; dropped: number }>();
      const end = () => over.resolve({ sent: 25, dropped: 0 });
      talks.push({ to, writing, over: end });
      return {
        over: over.promise,
        push: () => {},
        retarget: () => {},
        rekey: () => {},
        finish: () => {},
        cut: end,
      };
    },
    firstSequence: 7,
    everybody: [{ address: "224.0.0.100", port: 5005 }],
    stationAt: (address) => ({ address, port: 5005 }),
    onWish: (wish) => messages.wish(wish),
    onChange: (what) => {
      messages[what]();
      if (what === "settings") kept.push(station.settings);
    },
  });
  const messages = new StationMessages({
    station,
    sender,
    address: "10.0.0.5",
    publish: (topic, payload, { retain }) => said.push(`${retain ? "R" : "-"} ${topic} ${payload}`),
    discovery: how.discovery ?? false,
    nowMs: () => 0,
  });
  const tell = (topic: string, payload: string, retained = false) => messages.receive({ topic, payload, retained });
  const office = (online: boolean) => {
    tell("intercom/devices/intercom_aa/info", '{"room":"Office","ip":"10.0.0.9","id":"intercom_aa"}', true);
    tell("intercom/intercom_aa/status", online ? "online" : "offline", true);
  };
  return { station, messages, said, talks, frames, kept, tell, office };
}

describe("a station in MQTT", () => {
  it("says who is here and how it stands, that it is online last, and all of it retained", () => {
    const { messages, said } = rig();
    messages.online();
    assert.deepEqual(said, [
      `R intercom/devices/${id}/info {"room":"Kitchen","ip":"10.0.0.5","id":"${id}","calls":"1"}`,
      `R intercom/${id}/state {"state":"idle"}`,
      `R intercom/${id}/volume 80`,
      `R intercom/${id}/mute OFF`,
      `R intercom/${id}/dnd OFF`,
      `R intercom/${id}/target All Rooms`,
      `R intercom/${id}/priority Normal`,
      `R intercom/${id}/status online`,
    ]);
  });

  it("does what it is told, says so, keeps it, and is not moved by what nobody expects", () => {
    const { station, said, kept, tell } = rig();
    tell(`intercom/${id}/volume/set`, "35");
    assert.ok(said.includes(`R intercom/${id}/volume 35`));
    tell(`intercom/${id}/mute/set`, "ON");
    tell(`intercom/${id}/dnd/set`, "on");
    tell(`intercom/${id}/priority/set`, "high");
    tell(`intercom/${id}/target/set`, "all rooms");
    const before = station.settings;
    assert.deepEqual(before, { volume: 35, mute: true, dnd: true, priority: 1, target: "All Rooms" });
    assert.equal(kept.at(-1), before);
    for (const payload of ["null", "", "{}", "x".repeat(5000), "\u0000"]) {
      for (const what of ["volume", "mute", "dnd", "priority"]) tell(`intercom/${id}/${what}/set`, payload);
    }
    tell(`intercom/${id}/volume/set`, "90", true);
    tell("intercom/intercom_aa/volume/set", "90");
    assert.equal(station.settings, before);
  });

  it("talks to the room that is set, and to nobody where that is unknown or absent", () => {
    const { station, talks, tell, office } = rig();
    tell(`intercom/${id}/target/set`, "Office");
    assert.equal(station.press(0), "nobody");
    office(false);
    assert.equal(station.press(0), "nobody");
    office(true);
    assert.equal(station.press(0), "talks");
    assert.deepEqual(
      talks.map(({ to }) => to),
      [[{ address: "10.0.0.9", port: 5005 }]],
    );
    tell("intercom/devices/intercom_aa/info", "", true);
    assert.equal(station.press(0), "talks");
    assert.equal(talks.length, 1);
  });

  it("shows what it does while it talks, to the end of its trail-out", async () => {
    const { station, said, talks } = rig();
    station.press(0);
    station.press(5);
    station.tick(20);
    assert.equal(said.at(-1), `R intercom/${id}/state {"state":"transmitting","target":"All Rooms"}`);
    assert.equal(talks.length, 1);
    assert.deepEqual([talks[0]?.writing.leadIn, talks[0]?.writing.trailOut], [15, 10]);
    station.release();
    station.tick(40);
    talks[0]?.over();
    await new Promise((resolve) => setImmediate(resolve));
    station.tick(60);
    assert.equal(said.at(-1), `R intercom/${id}/state {"state":"idle"}`);
    assert.equal(station.counters.sent, 25);
  });

  it("warns the talker after 110 s by a tone, and ends the talk after 120", () => {
    const { station, frames, talks } = rig();
    station.press(0);
    const loud = () => (frames.at(-1) ?? []).some((sample) => sample !== 0);
    station.tick(109_980);
    assert.equal(loud(), false);
    station.tick(110_000);
    assert.equal(loud(), true);
    station.tick(120_000);
    assert.equal(talks.length, 1);
    assert.equal(station.activity.state, "transmitting");
  });

  it("warns the talker once when the hub says that the talk ends soon, and nobody who does not talk", () => {
    const { station, frames, tell } = rig();
    const loud = (nowMs: number) => {
      station.tick(nowMs);
      return (frames.at(-1) ?? []).some((sample) => sample !== 0);
    };
    tell(`intercom/${id}/ending/set`, "10");
    assert.equal(loud(0), false);
    station.press(20);
    tell(`intercom/${id}/ending/set`, "10", true);
    assert.equal(loud(40), false);
    tell(`intercom/${id}/ending/set`, "10");
    assert.equal(loud(60), true);
    for (let n = 0; n < 30; n++) station.tick(80);
    tell(`intercom/${id}/ending/set`, "10");
    assert.equal(loud(100), false);
  });

  it("takes a key of its group, says which it has, signs under it, and tells what came by the group", () => {
    const { station, said, talks, tell } = rig({ key: ownKey });
    const sealed = sealGroupKey({ id: 9, key: Buffer.alloc(32, 1), sequence: 5000, anyEmergency: false }, ownKey);
    tell(`intercom/${id}/key/set`, sealed, true);
    tell(`intercom/${id}/key/set`, `${sealed}00`);
    assert.deepEqual(said, []);
    tell(`intercom/${id}/key/set`, sealed);
    assert.deepEqual(said.splice(0), [`- intercom/${id}/key 9`]);
    station.press(2000);
    const { writing } = talks[0] ?? {};
    assert.deepEqual([writing?.group?.id, writing?.sequence], [9, 5100]);
  });

  it("rings when its room, or everybody, is called; over mute, not over do-not-disturb, and not by what was kept", () => {
    const { station, frames, tell } = rig();
    const rings = () => {
      station.tick(0);
      return (frames.at(-1) ?? []).some((sample) => sample !== 0);
    };
    tell("intercom/call", '{"target":"Kitchen","caller":"Office"}', true);
    tell("intercom/call", '{"target":"Kitchen"}');
    tell("intercom/call", '{"target":"Attic","caller":"Office"}');
    tell("intercom/call", '{"target":"all","caller":"Kitchen"}');
    assert.equal(rings(), false);
    station.set({ dnd: true });
    tell("intercom/call", '{"target":"kitchen","caller":"Office"}');
    assert.equal(rings(), false);
    station.set({ dnd: false, mute: true, volume: 0 });
    tell("intercom/call", '{"target":"kitchen","caller":"Office"}');
    assert.equal(rings(), true);
  });

  it("calls a room that is there, and locks its button for two seconds", () => {
    const { station, messages, said, office } = rig();
    assert.equal(messages.call("Office", 0), false);
    office(true);
    assert.equal(messages.call("Office", 0), true);
    assert.equal(said.at(-1), '- intercom/call {"target":"Office","caller":"Kitchen"}');
    assert.equal(station.press(1000), "locked");
    assert.equal(station.press(2000), "talks");
  });

  it("describes itself to Home Assistant only if asked, with the rooms that it can talk to", () => {
    const quiet = rig();
    quiet.messages.online();
    quiet.office(true);
    assert.ok(!quiet.said.some((line) => line.includes("homeassistant/")));
    const { messages, said, office } = rig({ discovery: true });
    messages.online();
    office(true);
    const target = said.findLast((line) => line.startsWith(`R homeassistant/select/${id}_target/config `));
    assert.match(target ?? "", /"options":\["All Rooms","Office"\]/);
    assert.equal(said.filter((line) => line.includes("homeassistant/sensor")).length, 2);
  });
});

describe("a station in a call", () => {
  const answered = { state: "answered", id: "c1", who: "Office", to: "10.0.0.1" } as const;
  const open = () => {
    const of = rig();
    const hub = (news: object, retained = false) => of.tell(`intercom/${id}/call/set`, JSON.stringify(news), retained);
    const wishes = () => of.said.splice(0).filter((line) => line.includes("/call {"));
    /** To whom it speaks now. */
    const talking = () => {
      of.station.tick(20);
      return of.station.activity.state === "transmitting" ? of.talks.at(-1)?.to.map(({ address }) => address) : [];
    };
    return { ...of, hub, wishes, talking };
  };

  it("calls by its button, speaks to the hub once it is answered, and hangs up by the same button", () => {
    const { messages, hub, wishes, talking, office, station } = open();
    office(true);
    assert.equal(messages.call("Office", 0), true);
    assert.deepEqual(wishes(), ['- intercom/call {"target":"Office","caller":"Kitchen"}']);
    hub({ state: "calling", id: "c1", who: "Office" });
    assert.deepEqual(talking(), []);
    hub(answered);
    assert.deepEqual(talking(), ["10.0.0.1"]);
    assert.equal(station.press(3000), "talks", "the talk button changes nothing");
    station.release();
    assert.deepEqual(talking(), ["10.0.0.1"]);
    assert.equal(messages.call("Office", 4000), true);
    assert.deepEqual(wishes(), [`- intercom/${id}/call {"do":"hangup","id":"c1"}`]);
    hub({ state: "idle", why: "ended" });
    assert.deepEqual(talking(), []);
  });

  it("answers what rings by the talk button, and declines it by the other", () => {
    const { messages, hub, wishes, talking, station } = open();
    hub({ state: "ringing", id: "c1", who: "Office" });
    assert.equal(station.press(0), "answers");
    hub(answered);
    assert.deepEqual(talking(), ["10.0.0.1"]);
    hub({ state: "ringing", id: "c2", who: "Door" });
    messages.call("Office", 0);
    assert.deepEqual(wishes(), [
      `- intercom/${id}/call {"do":"answer","id":"c1"}`,
      `- intercom/${id}/call {"do":"decline","id":"c2"}`,
    ]);
  });

  it("opens its microphone for no call that nobody there made or answered, and for none that a broker had kept", () => {
    const { hub, talking, station } = open();
    hub(answered);
    assert.deepEqual(talking(), []);
    hub({ state: "ringing", id: "c1", who: "Office" });
    station.press(0);
    hub({ ...answered, id: "c2" });
    assert.deepEqual(talking(), [], "another one");
    hub(answered, true);
    assert.deepEqual(talking(), []);
    for (const news of [{}, { state: "open" }, { ...answered, to: "everybody" }, null]) hub(news as object);
    assert.deepEqual(talking(), []);
  });

  it("is over when nothing is heard of the hub for half a minute", () => {
    const { hub, talking, station } = open();
    hub({ state: "ringing", id: "c1", who: "Office" });
    station.press(0);
    hub(answered);
    assert.deepEqual(talking(), ["10.0.0.1"]);
    station.tick(29_000);
    assert.equal(station.call.state, "answered");
    station.tick(30_000);
    assert.deepEqual([station.call.state, talking()], ["idle", []]);
  });
});
