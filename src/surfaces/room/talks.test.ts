import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Device } from "../../device/driver.ts";
import type { TurnRequest } from "../../hub/api.ts";
import type { Voice } from "../../hub/voices.ts";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import type { RoomArrivals } from "./arrivals.ts";
import type { RoomConfig } from "./config.ts";
import type { RoomNetwork } from "./networks.ts";
import { RoomStations } from "./stations.ts";
import { RoomTalks, type RoomTalksOptions } from "./talks.ts";
import { Visit } from "./visit.ts";

const group = "224.0.0.100";
const rooms = {
  kitchen: { id: "intercom_0000000a", sender: "000000000000000a", address: "192.168.1.10", name: "Kitchen" },
  hall: { id: "intercom_0000000b", sender: "000000000000000b", address: "192.168.1.11", name: "Hall" },
  barn: { id: "intercom_0000000c", sender: "000000000000000c", address: "10.0.0.12", name: "Barn" },
} as const;
const house: RoomNetwork = { name: "eth0", address: "192.168.1.1", prefixBits: 24 };
const far: RoomNetwork = { name: "eth1", address: "10.0.0.1", prefixBits: 24 };

/** Three stations that are there, and a hub that only writes down which turns are taken. */
function open(
  how: { readonly emergency?: RoomConfig["emergency"]; readonly open?: boolean; readonly key?: Uint8Array } = {},
) {
  const stations = new RoomStations({ clock: new ManualClock(), log: silentLog });
  const written: string[] = [];
  const voice = {
    track: {},
    lostPackets: 0,
    write: () => written.push("said"),
    [Symbol.dispose]: () => {},
  } as unknown as Voice;
  const visits = new Map<string, Visit>();
  const came = new Set<(visit: Visit) => void>();
  const enter = ({ id, address, name }: (typeof rooms)[keyof typeof rooms]) => {
    stations.told({ id, name, address });
    stations.status(id, true);
    const device = { id: id.replace("_", "-"), publish: () => ({ write: () => {} }) } as unknown as Device;
    const visit = new Visit({ station: stations.get(id)!, device, voice, key: how.key, end: () => {} });
    stations.isDevice(id, { deviceId: device.id, legacy: true });
    visits.set(id, visit);
    for (const listener of came) listener(visit);
  };
  const devices = [
    { id: "intercom-0000000a", name: "Kitchen" },
    { id: "intercom-0000000b", name: "Hall" },
    { id: "intercom-0000000c", name: "Barn" },
    { id: "gate", name: "Gate" },
    { id: "wall", name: "Wall", kind: "page" },
    { id: "desk", name: "Desk", kind: "page", phase: "away" },
  ].map(({ kind = "room", phase = "live", ...one }) => ({
    ...one,
    settings: { preview: false },
    info: () => ({ kind }),
    state: { phase },
  }));
  const taken: TurnRequest[] = [];
  const ended: string[] = [];
  const hub = {
    turns: {
      take: (request: TurnRequest) => {
        taken.push(request);
        return { finish: () => ended.push("finish") };
      },
    },
    devices: { get: (id: string) => devices.find((one) => one.id === id), list: () => devices },
    house: () => ({ devices: devices.map((one) => ({ ...one, speaks: true })), groups: new Map() }),
    identity: {
      audit: { record: () => {} },
      policy: { allows: (_who: unknown, _right: string, to: { id: string }) => to.id !== "gate" },
    },
    reception: { isOpen: how.open ?? false, principalUnder: () => (how.open ? undefined : {}) },
    log: silentLog,
  } as unknown as RoomTalksOptions["hub"];
  const arrivals = {
    visitOf: (id: string) => visits.get(id),
    list: () => [...visits.values()],
    onCame: (listener: (visit: Visit) => void) => {
      came.add(listener);
      return { [Symbol.dispose]: () => came.delete(listener) };
    },
  } as unknown as RoomArrivals;
  const warned: string[] = [];
  const talks = new RoomTalks({
    hub,
    stations,
    arrivals,
    config: { name: "Doorward", group, emergency: how.emergency ?? "authenticated" },
    warn: ({ stationId }, seconds) => warned.push(`${stationId} ${seconds}`),
    networkOf: (address) => (address?.startsWith("192.168.1.") ? house : far),
  });
  const hear = (
    { sender, address }: { readonly sender: string; readonly address: string },
    { on = group as string, priority = 0 as 0 | 1 | 2 } = {},
  ) => talks.hear({ sender, address, priority, group: on === "us" ? undefined : on });
  return { stations, talks, hear, enter, taken, ended, written, warned };
}

const sound = { data: new Uint8Array(60), timestampUs: 0, key: true };

describe("whom a station speaks to", () => {
  it("is everybody on the group, of whom those of its network and group hear it without us", () => {
    const { enter, hear, taken } = open();
    for (const room of Object.values(rooms)) enter(room);
    hear(rooms.kitchen);
    const [turn] = taken;
    assert.deepEqual(turn?.to, ["all"]);
    assert.equal(turn.may?.("intercom-0000000a"), false, "not itself");
    assert.equal(turn.hears?.("intercom-0000000b"), true);
    assert.equal(turn.hears?.("intercom-0000000c"), false, "another network");
    assert.equal(turn.hears?.("gate"), false);
  });

  it("is heard by us alone on another group", () => {
    const { enter, hear, taken } = open();
    for (const room of Object.values(rooms)) enter(room);
    hear(rooms.kitchen, { on: "239.255.0.100" });
    assert.equal(taken[0]?.hears?.("intercom-0000000b"), false);
  });

  it("is the room that it says, when it speaks to us alone", () => {
    const { enter, hear, taken, stations } = open();
    enter(rooms.kitchen);
    stations.said(rooms.kitchen.id, { state: "transmitting", target: "Gate" });
    hear(rooms.kitchen, { on: "us" });
    assert.deepEqual(taken[0]?.to, ["device:gate"]);
    assert.equal(taken[0]?.hears?.("gate"), false);
  });

  it("is every browser that is there, when it speaks to the hub by its name", () => {
    const { enter, hear, taken, stations } = open();
    enter(rooms.kitchen);
    stations.said(rooms.kitchen.id, { state: "transmitting", target: "doorward" });
    hear(rooms.kitchen, { on: "us" });
    assert.deepEqual(taken[0]?.to, ["device:wall"]);
  });

  it("is told when the talk ends soon", () => {
    const { enter, hear, taken, warned } = open();
    enter(rooms.kitchen);
    hear(rooms.kitchen);
    taken[0]?.onState({ state: "ending", seconds: 10 });
    assert.deepEqual(warned, [`${rooms.kitchen.id} 10`]);
  });

  it("is known a moment later, and the talk is brought there then", () => {
    const { enter, hear, taken, stations } = open();
    enter(rooms.kitchen);
    hear(rooms.kitchen, { on: "us" });
    assert.equal(taken.length, 0);
    stations.said(rooms.kitchen.id, { state: "transmitting", target: "Gate" });
    assert.equal(taken.length, 1);
    stations.said(rooms.kitchen.id, { state: "transmitting", target: "Kitchen" });
    assert.equal(taken.length, 1);
  });

  it("is nobody for a name that nobody has, on the group as to us alone: never everybody instead", () => {
    for (const on of [group, "us"]) {
      const { enter, hear, taken, stations, talks } = open();
      enter(rooms.kitchen);
      stations.said(rooms.kitchen.id, { state: "transmitting", target: "Nursery" });
      const sink = hear(rooms.kitchen, { on });
      sink.write(sound, 0);
      sink.end();
      assert.equal(taken.length, 0);
      assert.equal(talks.counters.aimless, 1);
    }
  });

  it("leaves out where it has no right to talk", () => {
    const { enter, hear, taken } = open();
    enter(rooms.kitchen);
    hear(rooms.kitchen);
    assert.equal(taken[0]?.may?.("gate"), false);
    const trusting = open({ open: true });
    trusting.enter(rooms.kitchen);
    trusting.hear(rooms.kitchen);
    assert.equal(trusting.taken[0]?.may?.("gate"), true);
  });
});

describe("a station's talk", () => {
  it("is an emergency only of a station that signs, or where that is set", () => {
    const priorityOf = (how: Parameters<typeof open>[0]) => {
      const { enter, hear, taken } = open(how);
      enter(rooms.kitchen);
      hear(rooms.kitchen, { priority: 2 });
      return taken[0]?.priority;
    };
    assert.equal(priorityOf({}), 1);
    assert.equal(priorityOf({ emergency: "all" }), 2);
    assert.equal(priorityOf({ open: true }), 2);
    assert.equal(priorityOf({ key: Buffer.alloc(32) }), 2);
  });

  it("loses no word while a new station is let in", () => {
    const { enter, hear, taken, written } = open();
    const sink = hear(rooms.kitchen);
    for (let n = 0; n < 5; n++) sink.write(sound, 0);
    assert.equal(taken.length, 0);
    enter(rooms.kitchen);
    assert.equal(taken.length, 1);
    assert.equal(written.length, 5);
  });

  it("lets the floor go when it ends", () => {
    const { enter, hear, ended } = open();
    enter(rooms.kitchen);
    hear(rooms.kitchen).end();
    assert.deepEqual(ended, ["finish"]);
  });
});
