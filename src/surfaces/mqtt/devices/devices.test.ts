import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { account, type House, startHouse, until } from "../../../../test/mqtt-house.ts";
import { everything } from "../../../../test/web-rig.ts";
import type { Grant } from "../../../identity/policy.ts";
import { ManualClock } from "../../../util/clock.ts";
import { DevicePresence } from "./presence.ts";
import { sendStills } from "./stills.ts";
import { DeviceTopics } from "./topics.ts";

/** A house with a camera that speaks and has a bell, and what is kept of it at the broker. */
async function house(stills: "off" | "ring" = "off") {
  const home = await startHouse({ mqtt: { port: 0, accounts: { watcher: account.password }, stills } });
  await home.rig.hub.devices.add({
    ...{ id: "yard", name: "Yard", area: "Garden", address: "fake://x/?video&audio&speaker", warm: true, bell: {} },
  });
  await until(home, true);
  const kept = new Map<string, string>();
  home.rig.web.bus.subscribe("#", ({ topic, payload }) => kept.set(topic, payload));
  const root = `doorward/${home.hubId}/devices/yard`;
  const config = () => JSON.parse(kept.get(`homeassistant/device/${home.hubId}_yard/config`) || "null");
  const state = () => JSON.parse(kept.get(`${root}/state`) ?? "{}");
  /** Lets time pass until this is so. */
  const isSo = async (is: () => unknown) => {
    for (let n = 0; n < 400 && !is(); n++) await pass(home);
    assert.ok(is());
  };
  await isSo(() => config()?.components.doorbell && state().phase === "live");
  const ask = async (what: string, payload: string, retained = false) => {
    home.rig.web.bus.receive({ topic: `${root}/${what}`, payload: Buffer.from(payload), retained });
    await pass(home);
  };
  const settings = () => home.rig.hub.devices.get("yard")!.settings;
  return {
    home,
    kept,
    root,
    config,
    state,
    isSo,
    ask,
    settings,
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** What is being kept is waited for first: a camera that sends nothing stands still after four seconds of this clock. */
async function pass({ clock, rig }: House, ms = 60) {
  await rig.identity.store.settled();
  await clock.advance(ms);
  await new Promise(setImmediate);
}

describe("a device of the hub over MQTT", () => {
  it("is told of with what it can do, by ids that no name changes, and how it stands", async () => {
    await using of = await house();
    const { device, availability, components } = of.config();
    assert.deepEqual(device.identifiers, [`${of.home.hubId}_yard`]);
    assert.deepEqual(availability, [
      { topic: `intercom/${of.home.hubId}/status` },
      { topic: `${of.root}/availability` },
    ]);
    for (const what of ["reachable", "enabled", "warm", "retry", "volume", "chime", "notify", "doorbell", "press"]) {
      assert.equal(components[what]?.unique_id, `${of.home.hubId}_yard_${what}`, what);
    }
    assert.equal(components.volume.default_entity_id, "number.yard_volume");
    assert.equal(components.still, undefined, "stills are off unless they are switched on");
    const { phase, reachable, speaking, volume, mute } = of.state();
    assert.deepEqual([phase, reachable, speaking, volume, mute], ["live", true, false, 100, false]);
    assert.equal(of.kept.get(`${of.root}/availability`), "online");
  });

  it("is set, and answers what it does not understand with how it stands", async () => {
    await using of = await house();
    for (const [what, payload, setting, value] of [
      ["volume/set", "150", "volume", 1.5],
      ["volume/set", "0.0", "volume", 0],
      ["mute/set", "ON", "muted", true],
      ["dnd/set", "ON", "doNotDisturb", true],
      ["warm/set", "OFF", "warm", false],
      ["enabled/set", "OFF", "enabled", false],
    ] as const) {
      await of.ask(what, payload);
      await of.isSo(() => of.settings()[setting] === value);
    }
    await of.isSo(() => of.kept.get(`${of.root}/availability`) === "offline");
    const before = JSON.stringify(of.settings());
    for (const payload of ["", "401", "-1", "loud", "1e2", "NaN"]) await of.ask("volume/set", payload);
    for (const payload of ["", "maybe", "x".repeat(3000)]) await of.ask("mute/set", payload);
    await of.ask("mute/set", "OFF", true);
    assert.equal(JSON.stringify(of.settings()), before, "nor does anything that the broker had kept");
  });

  it("plays the chime that is named, and none for a name that nobody gave", async () => {
    await using of = await house();
    const { heard } = of.home.rig.camera;
    for (const payload of ['{"state":"ON","tone":"no such chime"}', "[]", "OFF", ""])
      await of.ask("chime/set", payload);
    assert.deepEqual([heard.length, of.state().chiming], [0, false]);
    await of.ask("chime/set", '{"state":"ON","tone":"doorbell"}');
    await of.isSo(() => heard.length > 0);
    await of.isSo(() => !of.state().chiming);
  });

  it("is rung at its bell, keeps when that was, and sends a picture of it where stills are switched on", async () => {
    await using of = await house("ring");
    assert.equal(of.config().components.still.image_topic, `${of.root}/still`);
    const pictures: string[] = [];
    const program = await of.home.program();
    program.on("message", (topic, payload, { retain }) =>
      pictures.push(`${topic} ${payload.toString("hex")} ${retain}`),
    );
    await program.subscribeAsync(`${of.root}/still`);
    assert.equal(of.state().last_ring, undefined);
    await of.ask("press", "PRESS");
    await of.isSo(() => of.state().last_ring !== undefined);
    await of.isSo(() => pictures.length > 0);
    assert.deepEqual(pictures, [`${of.root}/still ffd8ffd9 false`]);
    assert.equal(of.home.rig.hub.calls.list().length, 1);
  });

  it("is shown by Home Assistant's integration or by MQTT, and never by both", async () => {
    await using of = await house();
    const { identity, web } = of.home.rig;
    const user = await of.home.rig.person({ name: "Anna", administrator: true });
    const grants: Grant[] = [{ scope: "device:other", rights: ["view"] }];
    const narrow = await identity.credentials.makeToken(user.id, { name: "narrow", grants });
    identity.pairings.came(identity.credentials.find(narrow.secret)!, "home-assistant/2026.11.0");
    await of.isSo(() => of.kept.get(`homeassistant/device/${of.home.hubId}/config`) === "");
    await of.isSo(() => of.config().device.via_device === undefined);
    const wide = await identity.credentials.makeToken(user.id, { name: "wide", grants: everything });
    identity.pairings.came(identity.credentials.find(wide.secret)!, "home-assistant/2026.11.0");
    await of.isSo(() => of.config() === null);
    const kept = [of.kept.get(`${of.root}/availability`), of.state().reachable, of.state().volume];
    assert.deepEqual([web.bus.connected, ...kept], [true, "online", true, 100], "its topics stay");
    identity.credentials.end({ userId: user.id, via: "token", id: wide.id });
    identity.credentials.end({ userId: user.id, via: "token", id: narrow.id });
    await pass(of.home, 10_000);
    await of.isSo(() => of.config()?.device.via_device === of.home.hubId);
  });

  it("goes with its entities and topics when it is removed", async () => {
    await using of = await house();
    await of.home.rig.hub.devices.remove("yard");
    await of.isSo(() => of.config() === null);
    assert.deepEqual(
      ["state", "availability"].map((what) => of.kept.get(`${of.root}/${what}`)),
      ["", ""],
    );
  });

  it("goes from the broker also when it was removed while the hub was down, and its last ring with it", async () => {
    await using of = await house();
    const { hub, web, identity } = of.home.rig;
    const { hubId } = of.home;
    assert.deepEqual(identity.store.get("mqtt-devices", "told"), ["yard"]);
    await identity.store.put("mqtt-devices", "told", ["yard", "gone"]);
    await identity.store.put("last-ring", "gone", 1);
    await identity.store.put("last-ring", "yard", 2);
    using _next = new DevicePresence({
      ...{ hub, bus: web.bus, version: "1", hubId, hubStatus: "status", stills: false },
      topics: new DeviceTopics(hubId),
      chimes: { isPlaying: () => false },
    });
    await of.isSo(() => of.kept.get(`doorward/${hubId}/devices/gone/state`) === "");
    assert.equal(of.kept.get(`doorward/${hubId}/devices/gone/availability`), "");
    assert.equal(of.kept.get(`${of.root}/availability`), "online");
    await identity.store.settled();
    assert.deepEqual(identity.store.get("mqtt-devices", "told"), ["yard"]);
    assert.deepEqual(
      [identity.store.get("last-ring", "gone"), identity.store.get("last-ring", "yard")],
      [undefined, 2],
    );
  });

  it("sends regular pictures one after the other, and none of what is not shown", async () => {
    await using of = await house();
    const { hub, web } = of.home.rig;
    await hub.devices.add({ id: "gate", name: "Gate", address: "fake://x/?video", warm: true });
    await hub.devices.add({ id: "hidden", name: "Hidden", address: "fake://x/?video", warm: true });
    await of.isSo(() => hub.devices.list().every(({ state }) => state.phase === "live"));
    const asked: (() => void)[] = [];
    const snapshot = () => {
      const picture = Promise.withResolvers<Uint8Array>();
      asked.push(() => picture.resolve(new Uint8Array([1])));
      return picture.promise;
    };
    const clock = new ManualClock(); // the cameras' own stands still, or they would go stale
    using _stills = sendStills({
      hub: { devices: hub.devices, calls: hub.calls, log: hub.log, clock, converter: { ...hub.converter, snapshot } },
      ...{ bus: web.bus, topics: new DeviceTopics(of.home.hubId), when: 10 },
      deviceOf: (id) => (id === "hidden" ? undefined : hub.devices.get(id)),
    });
    await clock.advance(10_000);
    for (const expected of [1, 2, 2]) {
      for (let n = 0; n < 20; n++) await new Promise(setImmediate);
      assert.equal(asked.length, expected);
      asked.at(-1)?.();
    }
  });
});
