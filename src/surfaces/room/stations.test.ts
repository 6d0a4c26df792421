import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { RoomStations } from "./stations.ts";
import { channelOf } from "./targets.ts";

const id = "intercom_9a0b1c2d";
const sender = "001122339a0b1c2d";

function open() {
  const clock = new ManualClock();
  const stations = new RoomStations({ clock, log: silentLog });
  const changes: string[] = [];
  stations.onChange(({ id: one, online }) => changes.push(`${one} ${online ? "there" : "not there"}`));
  return { clock, stations, changes };
}

describe("room stations", () => {
  it("are there once they have said who they are and that they are there, in whatever order", () => {
    const { stations } = open();
    stations.told({ id, name: "Kitchen", address: "192.168.1.20" });
    assert.equal(stations.get(id)?.online, false);
    stations.status(id, true);
    const kitchen = { id, name: "Kitchen", address: "192.168.1.20", online: true, legacy: true, told: true, starts: 1 };
    assert.deepEqual(stations.get(id), kitchen);
    stations.status("intercom_00000001", true);
    stations.told({ id: "intercom_00000001", name: "Hall" });
    assert.equal(stations.get("intercom_00000001")?.online, true);
  });

  it("are gone 5 s after they said so, unless they give a sign of life", async () => {
    const { clock, stations, changes } = open();
    stations.told({ id, name: "Kitchen" });
    stations.status(id, true);
    stations.status(id, false);
    assert.deepEqual([stations.get(id)?.online, stations.get(id)?.leaving], [true, true]);
    await clock.advance(4900);
    stations.said(id, { state: "idle" });
    await clock.advance(60_000);
    assert.deepEqual([stations.get(id)?.online, stations.get(id)?.leaving], [true, false]);
    stations.status(id, false);
    await clock.advance(5000);
    assert.equal(stations.get(id)?.online, false);
    assert.equal(changes.at(-1), `${id} not there`);
  });

  it("are known by their sound alone, and then for ten minutes after their last word", async () => {
    const { clock, stations } = open();
    stations.heard(sender, "192.168.1.20", "224.0.0.100");
    assert.equal(stations.get(id)?.online, true);
    assert.equal(stations.get(id)?.group, "224.0.0.100");
    await clock.advance(9 * 60_000);
    stations.heard(sender, "192.168.1.20");
    await clock.advance(9 * 60_000);
    assert.equal(stations.get(id)?.online, true);
    await clock.advance(61_000);
    assert.deepEqual(stations.list(), []);
  });

  it("are bounded, whatever is heard in the network", () => {
    const { clock, stations } = open();
    stations.told({ id, name: "Kitchen" });
    for (let n = 0; n < 1000; n++) stations.heard(n.toString(16).padStart(16, "0"), "192.168.1.66");
    assert.equal(stations.list().length, 65);
    assert.ok(stations.get(id));
    assert.ok(clock.pending <= 64);
    stations[Symbol.dispose]();
    assert.equal(clock.pending, 0);
  });

  it("say to whom they speak for as long as they speak", () => {
    const { stations } = open();
    stations.told({ id, name: "Kitchen" });
    stations.said(id, { state: "transmitting", target: "Hall" });
    assert.equal(stations.get(id)?.talksTo, "Hall");
    stations.said(id, { state: "idle" });
    assert.equal(stations.get(id)?.talksTo, undefined);
  });
});

describe("names of rooms", () => {
  const { stations } = open();
  stations.told({ id, name: "Kitchen" });
  stations.status(id, true);
  stations.isDevice(id, { deviceId: "intercom-9a0b1c2d", legacy: true });
  stations.told({ id: "intercom_00000001", name: "Attic" });
  const gate = { id: "gate", name: "The gate", area: "Garden", speaks: true };
  const hub = { house: () => ({ devices: [gate], groups: new Map([["Upstairs", ["gate"]]]) }) };
  for (const [name, channel] of [
    ["All Rooms", "all"],
    ["all", "all"],
    ["kitchen", "device:intercom-9a0b1c2d"],
    ["THE GATE", "device:gate"],
    ["garden", "area:Garden"],
    ["upstairs", "group:Upstairs"],
    ["Attic", undefined],
    ["Nursery", undefined],
    ["", undefined],
    [undefined, undefined],
  ] as const) {
    it(`${name === undefined ? "no name" : `"${name}"`} is ${channel ?? "nobody, and never everybody"}`, () => {
      assert.equal(channelOf(name, { hub, stations }), channel);
    });
  }
});
