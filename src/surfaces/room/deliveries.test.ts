import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { silentLog } from "../../util/log.ts";
import { Deliveries } from "./deliveries.ts";
import { RoomStations } from "./stations.ts";

const own = "00000000000000aa";
const [kitchen, attic, old] = ["intercom_0000000a", "intercom_0000000b", "intercom_0000000c"] as const;

/** The hub sends to the group; what part of it a station loses is set, and stations but the old one tell what they heard. */
function house() {
  const clock = new ManualClock();
  const stations = new RoomStations({ clock, log: silentLog });
  const since = new Map<string, number>();
  const come = (id: string) => {
    stations.told({ id, name: id });
    stations.status(id, true);
    since.set(id, clock.nowUs());
  };
  const there = () => [...since].map(([stationId, sinceUs]) => ({ stationId, sinceUs }));
  const deliveries = new Deliveries({ stations, there, own, clock, log: silentLog });
  const report = (id: string, heard: number, from = own) =>
    stations.reported(id, { kind: "heard", from, heard, lost: 0 });
  const talk = async (packets: number, lost: Readonly<Record<string, number>> = {}) => {
    const running = deliveries.begin();
    await clock.advance(packets * 20);
    running.end(packets);
    await clock.advance(500);
    for (const id of since.keys()) {
      const part = lost[id] ?? 0;
      if (id !== old && part < 1) report(id, Math.round(packets * (1 - part)));
    }
    await clock.advance(3000);
  };
  const lossy = () => stations.list().flatMap(({ id, lossy: yes }) => (yes ? [id] : []));
  return { clock, stations, deliveries, come, talk, report, lossy };
}

describe("how much of what is sent to all arrives", () => {
  it("is what stations say they heard; one that loses much is sent to alone until it loses nearly nothing", async () => {
    const { deliveries, come, talk, lossy } = house();
    for (const id of [kitchen, attic, old]) come(id);
    await talk(50);
    await talk(50, { [kitchen]: 0.2 });
    assert.deepEqual(lossy(), [], "of so little nobody judges");
    await talk(200, { [kitchen]: 0.2 });
    assert.deepEqual(lossy(), [kitchen]);
    assert.deepEqual(deliveries.of(attic), { loss: 0, lossy: false });
    await talk(900, { [kitchen]: 0.02 });
    await talk(900, { [kitchen]: 0.02 });
    assert.deepEqual(lossy(), [kitchen], "better, and not good");
    for (let n = 0; n < 6; n++) await talk(900);
    assert.deepEqual(lossy(), []);
    await talk(900, { [kitchen]: 0.04 });
    assert.deepEqual(lossy(), [], "worse, and not bad");
    assert.equal(deliveries.of(old), undefined, "one that tells nothing is sent to with the others");
  });

  it("counts as lost all that a station says nothing about, once it has told anything", async () => {
    const { deliveries, come, talk, lossy } = house();
    come(kitchen);
    await talk(100);
    await talk(200, { [kitchen]: 1 });
    assert.deepEqual(lossy(), [kitchen]);
    assert.equal(deliveries.of(kitchen)?.lossy, true);
  });

  it("is counted over talks that follow on one another, of which stations tell as one", async () => {
    const { clock, deliveries, come, talk, report, lossy } = house();
    come(kitchen);
    await talk(100);
    const one = deliveries.begin();
    await clock.advance(4000);
    one.end(200);
    await clock.advance(200);
    const other = deliveries.begin();
    await clock.advance(4000);
    other.end(200);
    await clock.advance(500);
    report(kitchen, 400);
    report(kitchen, 400, "00000000000000bb");
    await clock.advance(3000);
    assert.deepEqual(lossy(), []);
    assert.equal(deliveries.of(kitchen)?.loss, 0);
  });

  it("says nothing of a station that came in the middle of a talk", async () => {
    const { clock, deliveries, come, talk, report, lossy } = house();
    come(kitchen);
    await talk(100);
    const running = deliveries.begin();
    await clock.advance(4000);
    come(attic);
    report(attic, 10);
    running.end(200);
    await clock.advance(500);
    report(kitchen, 200);
    report(attic, 10);
    await clock.advance(3000);
    assert.deepEqual(lossy(), []);
    assert.deepEqual(deliveries.of(attic), { loss: undefined, lossy: false });
  });
});
