import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../../util/clock.ts";
import { silentLog } from "../../../util/log.ts";
import { Bus } from "../../bus.ts";
import type { RoomStation } from "../stations.ts";
import { RoomDiscovery } from "./room-discovery.ts";

const [hub, kitchen, deviceId] = ["intercom_00000001", "intercom_9a0b1c2d", "intercom-9a0b1c2d"];
const whole = `homeassistant/device/${kitchen}/config`;
const volume = `homeassistant/number/${kitchen}_volume/config`;
const firmwares = JSON.stringify({
  ...{ name: "Volume", unique_id: `${kitchen}_volume` },
  device: { identifiers: ["9a0b1c2d00000000"], name: "Kitchen Intercom" },
});

/** A house with a kitchen, and what was said to the broker. */
function house() {
  const clock = new ManualClock();
  const bus = new Bus({ clock, log: silentLog });
  const said: (readonly [string, string])[] = [];
  // As the hub's devices are: what they are called is asked of them and not copied.
  const kitchenDevice = Object.create({
    get name() {
      return "Kitchen";
    },
    get area() {
      return "Downstairs";
    },
  }) as { readonly name: string; readonly area: string };
  const devices = new Map([[deviceId, kitchenDevice]]);
  const station: RoomStation = {
    ...{ id: kitchen, name: "Kitchen", deviceId, online: true, legacy: true, told: true, starts: 1 },
  };
  const come = (topic: string, payload: string, retained = false) =>
    bus.receive({ topic, payload: Buffer.from(payload), retained });
  bus.plug({
    publish: (topic, payload) => {
      said.push([topic, String(payload)]);
      if (topic.startsWith("homeassistant/")) queueMicrotask(() => come(topic, String(payload)));
    },
    subscribe: () => {},
    unsubscribe: () => {},
  });
  let target: string | undefined = "Hall";
  const discovery = new RoomDiscovery({
    ...{ bus, hubId: hub, version: "1.2.3", clock },
    stations: () => [station],
    deviceOf: (id) => devices.get(id),
    targets: () => ["Attic", "Kitchen"],
    targetOf: () => target,
  });
  return {
    ...{ clock, bus, devices, discovery, come },
    aim: (to: string) => {
      target = to;
      discovery.changed();
    },
    pass: (ms = 4000) => clock.advance(ms),
    since: () => said.splice(0),
  };
}

const componentsOf = ([, payload]: readonly [string, string]) => JSON.parse(payload).components;

describe("a room station in Home Assistant", () => {
  it("is a device with all that it is, once it had time to describe itself and did not", async () => {
    const { pass, since, aim } = house();
    await pass(2900);
    assert.deepEqual(since(), []);
    await pass();
    const [told, ...more] = since();
    assert.deepEqual(more, []);
    assert.ok(told);
    assert.equal(told[0], whole);
    const { device, availability, components } = JSON.parse(told[1]);
    assert.deepEqual(device, {
      ...{ identifiers: [kitchen], name: "Kitchen", manufacturer: "Doorward", model: "Room station" },
      ...{ sw_version: "1.2.3", suggested_area: "Downstairs", via_device: hub },
    });
    assert.deepEqual(availability, [{ topic: `intercom/${hub}/status` }, { topic: `intercom/${kitchen}/status` }]);
    const names = ["state", "volume", "mute", "dnd", "target", "priority", "station_call", "notify", "ring"];
    assert.deepEqual(Object.keys(components), names);
    assert.deepEqual(components.target.options, ["All Rooms", "Attic", "Hall"]);
    aim("Barn");
    await pass(100);
    assert.deepEqual(componentsOf(since()[0]!).target.options, ["All Rooms", "Attic", "Barn"]);
  });

  it("keeps its own entities where it describes itself, and is given what the hub does for it beside them", async () => {
    const { pass, since, come } = house();
    come(volume, firmwares, true);
    await pass();
    const [told, ...more] = since();
    assert.deepEqual(more, []);
    const { device, components } = JSON.parse(told![1]);
    assert.deepEqual(device, { identifiers: ["9a0b1c2d00000000"], name: "Kitchen Intercom" });
    assert.deepEqual(Object.keys(components), ["station_call", "notify", "ring"]);
  });

  it("is taken over from what was there before it when it has come and says nothing of itself", async () => {
    const { pass, since, come } = house();
    come(volume, firmwares, true);
    come(`intercom/${kitchen}/status`, "online");
    await pass();
    const said = since();
    assert.deepEqual(
      said.slice(0, 3).map(([topic, payload]) => [topic, payload.slice(0, 20)]),
      [
        [volume, '{"migrate_discovery"'],
        [whole, '{"device":{"identifi'],
        [volume, ""],
      ],
    );
    assert.deepEqual(JSON.parse(said[1]![1]).device.identifiers, [kitchen, "9a0b1c2d00000000"]);
    await pass();
    assert.deepEqual(since(), [], "nothing more follows");
  });

  it("gets its own entities back when it describes itself later", async () => {
    const { pass, since, come } = house();
    await pass();
    since();
    come(volume, firmwares);
    await pass();
    const said = since();
    assert.deepEqual(
      said.map(([topic]) => topic),
      [whole, volume, whole],
    );
    assert.deepEqual(componentsOf(said[0]!).volume, { platform: "number" });
    assert.deepEqual(Object.keys(componentsOf(said[2]!)), ["station_call", "notify", "ring"]);
  });

  it("is forgotten when it was removed, and is said again with everything else", async () => {
    const { pass, since, bus, devices, discovery } = house();
    await pass();
    since();
    await pass();
    bus.announce();
    assert.equal(since()[0]?.[0], whole);
    devices.delete(deviceId);
    discovery.changed();
    await pass();
    assert.deepEqual(since(), [[whole, ""]]);
  });

  it("is harmed by no description that is none", async () => {
    const { pass, since, come } = house();
    for (const payload of ["null", "[]", "{", '{"device":7}', '{"device":{"identifiers":[7]}}'])
      come(volume, payload, true);
    come(volume, "x".repeat(100_000), true);
    await pass();
    const [told, ...more] = since();
    assert.deepEqual([JSON.parse(told![1]).device.identifiers, more], [[kitchen], []]);
  });
});
