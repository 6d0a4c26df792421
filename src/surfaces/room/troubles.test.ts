import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { Faults } from "../../util/faults.ts";
import { silentLog } from "../../util/log.ts";
import { destinationsOf } from "./destinations.ts";
import { RoomStations } from "./stations.ts";
import { RoomTroubles } from "./troubles.ts";

const config = { group: "224.0.0.100", port: 5005, delivery: "auto" } as const;

function open() {
  const clock = new ManualClock();
  const faults = new Faults({ clock, log: silentLog });
  const stations = new RoomStations({ clock, log: silentLog });
  const troubles = new RoomTroubles({ faults, stations, config, log: silentLog });
  return { clock, faults, stations, troubles, ids: () => faults.list().map(({ id }) => id) };
}

describe("what is wrong with the rooms", () => {
  it("is a group that is not the stations', for as long as they are there", async () => {
    const { stations, ids, faults, clock } = open();
    stations.heard("000000000000000a", "192.168.1.10", "224.0.0.100");
    assert.deepEqual(ids(), []);
    stations.heard("000000000000000b", "192.168.1.11", "239.255.0.100");
    assert.deepEqual(ids(), ["room-group"]);
    assert.match(faults.list()[0]!.advice, /239\.255\.0\.100/);
    assert.doesNotMatch(faults.list()[0]!.what, /\d/);
    await clock.advance(11 * 60_000);
    assert.deepEqual(ids(), []);
  });

  it("is a network that is not heard, until it is", () => {
    const { troubles, ids } = open();
    troubles.network(["cannot join 224.0.0.100 at 10.0.0.5: ENODEV"]);
    assert.deepEqual(ids(), ["room-network"]);
    troubles.network([]);
    assert.deepEqual(ids(), []);
  });
});

describe("where a talk to all stations is sent", () => {
  const networks = [
    { name: "eth0", address: "192.168.1.1", prefixBits: 24 },
    { name: "eth1", address: "10.0.0.1", prefixBits: 24 },
  ];
  const station = { id: "a", name: "A", online: true, legacy: true, told: true, starts: 1, address: "192.168.1.10" };
  const sent = (
    stations: Parameters<typeof destinationsOf>[0]["stations"],
    delivery: "auto" | "multicast" | "unicast" = "auto",
  ) =>
    destinationsOf({ config: { ...config, delivery }, networks, stations }).map(
      (to) => `${to.address} by ${to.interface}`,
    );

  it("is the group, once on each network", () => {
    assert.deepEqual(sent([station]), ["224.0.0.100 by 192.168.1.1", "224.0.0.100 by 10.0.0.1"]);
  });

  it("is the other group too while somebody is there who was heard on that", () => {
    assert.equal(sent([{ ...station, group: "239.255.0.100" }]).length, 4);
    assert.equal(sent([{ ...station, group: "239.1.2.3" }]).length, 2);
  });

  it("is one that loses much a second time, alone; and each station alone where that is set", () => {
    const others = [station, { ...station, address: "10.0.0.12" }];
    const alone = ["192.168.1.10 by undefined", "10.0.0.12 by undefined"];
    assert.deepEqual(sent(others, "unicast"), alone);
    const twice = sent([{ ...station, lossy: true }, others[1]!]);
    assert.deepEqual([twice.length, twice.at(-1)], [3, alone[0]]);
    assert.equal(sent([{ ...station, lossy: true }], "multicast").length, 2);
  });
});
