import assert from "node:assert/strict";
import { it as test } from "node:test";
import { type Rig, startRig } from "../../../test/web-rig.ts";
import { stationIdOf } from "../../protocols/room/station-id.ts";
import { ManualClock } from "../../util/clock.ts";

interface Sent {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

/** A hub with one door and one camera, and a broker that writes down what it is sent. */
async function house(how: { readonly overMqtt?: boolean } = {}) {
  const clock = new ManualClock();
  const rig = await startRig({ front: "fake://x/?video", yard: "fake://x/?video" }, { clock });
  rig.hub.locks.follow({ relayHosts: [], overMqtt: how.overMqtt ?? true, legacyStations: false });
  await rig.hub.devices.update("front", { warm: true, bell: { lock: { by: "mqtt", topic: "gate/set" } } });
  const root = `doorward/${stationIdOf(rig.identity.installation)}/bells/front`;
  const sent: Sent[] = [];
  const plug = () => {
    const link = rig.web.bus.plug({
      publish: (topic, payload, { retain = false }) => sent.push({ topic, payload: String(payload), retain }),
      subscribe: () => {},
      unsubscribe: () => {},
    });
    rig.web.bus.announce();
    return link;
  };
  const link = plug();
  await clock.advance(100);
  const since = () => sent.splice(0);
  const told = (what: string) => since().filter(({ topic }) => topic === `${root}/${what}`);
  const say = async (what: string, payload: string, retained = false) => {
    rig.web.bus.receive({ topic: `${root}/${what}`, payload: Buffer.from(payload), retained });
    await clock.advance(100);
  };
  return { rig, clock, root, link, plug, since, told, say, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() };
}

const ring = (rig: Rig) => rig.hub.calls.ring({ from: "front" }).call?.id ?? "";
const anna = { party: "person:anna", name: "Anna" } as const;
const types = (sent: readonly Sent[]) => sent.map(({ payload }) => JSON.parse(payload).event_type);

test("a device with a bell has bell, call, buttons and lock beside its other entities; one without has none", async () => {
  await using of = await house();
  const components = of.rig.web.bus.deviceComponents.of("front");
  assert.deepEqual(Object.keys(components), ["doorbell", "rang", "bell_call", "answer", "decline", "hangup", "lock"]);
  const { doorbell, lock } = components;
  assert.deepEqual([doorbell?.["device_class"], lock?.["command_topic"]], ["doorbell", `${of.root}/lock/set`]);
  assert.ok([doorbell?.["event_types"]].flat().includes("ring"));
  assert.deepEqual(of.rig.web.bus.deviceComponents.of("yard"), {});
});

test("a ring, an answer and an end are events, once each and never kept; a reconnect is none", async () => {
  await using of = await house();
  of.since();
  const id = ring(of.rig);
  of.rig.hub.calls.ring({ from: "front" });
  of.rig.hub.calls.answer(id, anna);
  of.rig.hub.calls.end(id, anna);
  const sent = of.since();
  const events = sent.filter(({ topic }) => topic === `${of.root}/event`);
  assert.deepEqual(types(events), ["ring", "answered", "ended"]);
  assert.ok(events.every(({ retain }) => !retain));
  assert.equal(JSON.parse(events[1]?.payload ?? "{}").by, "Anna");
  const states = sent
    .filter(({ topic }) => topic === `${of.root}/call`)
    .map(({ payload }) => JSON.parse(payload).state);
  assert.deepEqual(states, ["ringing", "answered", "idle"]);
  of.link[Symbol.dispose]();
  of.plug();
  of.rig.web.bus.announce();
  assert.deepEqual(of.told("event"), []);
});

test("what nobody answers is missed, and what is declined is declined", async () => {
  await using of = await house();
  of.since();
  ring(of.rig);
  await of.clock.advance(46_000);
  assert.deepEqual(types(of.told("event")), ["ring", "missed"]);
  ring(of.rig);
  await of.say("decline", "PRESS");
  assert.deepEqual(types(of.told("event")), ["ring", "declined"]);
});

test("a call is answered and ended by MQTT, and a command that the broker had kept is none", async () => {
  await using of = await house();
  const id = ring(of.rig);
  await of.say("answer", "PRESS", true);
  assert.equal(of.rig.hub.calls.get(id)?.state, "ringing");
  await of.say("answer", "PRESS");
  assert.equal(of.rig.hub.calls.get(id)?.answeredBy?.name, "Home Assistant");
  await of.say("hangup", "PRESS");
  assert.equal(of.rig.hub.calls.get(id)?.state, "ended");
  await of.say("answer", "PRESS");
});

test("a lock is opened once, says how it stands, and ends the ringing", async () => {
  await using of = await house();
  const id = ring(of.rig);
  of.since();
  await of.say("lock/set", "UNLOCK", true);
  await of.say("lock/set", "LOCK");
  assert.deepEqual(
    of.since().filter(({ topic }) => topic === "gate/set"),
    [],
  );
  await of.say("lock/set", "UNLOCK");
  await of.say("lock/set", "UNLOCK");
  const sent = of.since();
  assert.deepEqual(
    sent.filter(({ topic }) => topic === "gate/set"),
    [{ topic: "gate/set", payload: "UNLOCK", retain: false }],
  );
  const states = sent
    .filter(({ topic }) => topic === `${of.root}/lock`)
    .map(({ payload }) => JSON.parse(payload).state);
  assert.deepEqual([...new Set(states)], ["UNLOCKING", "UNLOCKED"]);
  const results = sent.filter(({ topic }) => topic === `${of.root}/lock/result`);
  assert.deepEqual(
    results.map(({ payload, retain }) => [JSON.parse(payload).opened, retain]),
    [
      [true, false],
      [true, false],
    ],
  );
  assert.equal(of.rig.hub.calls.get(id)?.endReason, "opened");
  await of.clock.advance(5000);
  assert.deepEqual(
    of.told("lock").map(({ payload }) => JSON.parse(payload).state),
    ["LOCKED"],
  );
});

test("no door is opened by MQTT unless the configuration says so, and no lock is shown", async () => {
  await using of = await house({ overMqtt: false });
  of.since();
  await of.say("lock/set", "UNLOCK");
  assert.equal(
    of.since().some(({ topic }) => topic === "gate/set"),
    false,
  );
});

test("a lock that says how it stands is waited for, and one that was opened by hand ends the ringing", async () => {
  await using of = await house();
  const state = { topic: "gate/state" };
  await of.rig.hub.devices.update("front", { bell: { lock: { by: "mqtt", topic: "gate/set", state } } });
  await of.clock.advance(100);
  const gate = (payload: string, retained = false) =>
    of.rig.web.bus.receive({ topic: "gate/state", payload: Buffer.from(payload), retained });
  const silent = of.rig.hub.locks.open("front", { by: anna, nonce: "1" });
  await of.clock.advance(5000);
  assert.equal((await silent).code, "timeout");
  const opening = of.rig.hub.locks.open("front", { by: anna, nonce: "2" });
  gate("UNLOCKED");
  assert.equal((await opening).opened, true);
  gate("LOCKED");
  const id = ring(of.rig);
  gate("UNLOCKED", true);
  assert.equal(of.rig.hub.calls.get(id)?.state, "ringing");
  gate("LOCKED");
  gate("UNLOCKED");
  assert.equal(of.rig.hub.calls.get(id)?.endReason, "opened");
});

test("a bell is there although its picture cannot be reached", async () => {
  await using of = await house();
  await of.rig.hub.devices.update("front", { address: "fake://x/?lost" });
  await of.clock.advance(100);
  of.since();
  ring(of.rig);
  await of.clock.advance(100);
  assert.deepEqual(of.told("availability"), []);
});

test("a room station has no bell, and how its calls stand is kept all the same, whoever made them", async () => {
  await using of = await house();
  const { hub } = of.rig;
  await hub.devices.add({ id: "attic", name: "Attic", arrives: "room" });
  await of.clock.advance(100);
  const topic = of.root.replace("bells/front", "rooms/attic/call");
  const told = () => of.since().flatMap((one) => (one.topic === topic ? [one] : []));
  assert.deepEqual(told(), [{ topic, payload: '{"state":"idle"}', retain: true }]);
  using _ringer = hub.calls.addRinger({
    ...{ party: "client:desk", name: "Desk", mayAnswer: () => true, ring: () => {}, stop: () => {} },
  });
  const attic = { party: "device:attic", name: "Attic", deviceId: "attic" } as const;
  const { call } = hub.calls.call({ from: attic, to: ["client:desk"] });
  hub.calls.answer(call?.id ?? "", { party: "client:desk", name: "Desk" });
  hub.calls.end(call?.id ?? "", attic);
  const states = told().map(({ payload }) => JSON.parse(payload));
  assert.deepEqual(
    states.map(({ state, caller, answered_by: by }) => [state, caller, by].filter(Boolean).join(" ")),
    ["ringing Attic", "answered Attic Desk", "idle"],
  );
});
