import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Device } from "../../device/driver.ts";
import type { Voice } from "../../hub/voices.ts";
import type { RoomGroupKey } from "../../protocols/room/authentic.ts";
import { type GroupKeyMessage, openGroupKey } from "../../protocols/room/group-key.ts";
import { ManualClock } from "../../util/clock.ts";
import { Listeners } from "../../util/listeners.ts";
import { silentLog } from "../../util/log.ts";
import { GroupKeys } from "./group-keys.ts";
import { RoomStations } from "./stations.ts";
import { Visit } from "./visit.ts";

const [kitchen, attic, old] = ["intercom_0000000a", "intercom_0000000b", "intercom_0000000c"] as const;

function house() {
  const clock = new ManualClock();
  const stations = new RoomStations({ clock, log: silentLog });
  const visits = new Map<string, Visit>();
  const came = new Listeners<Visit>(() => {});
  const revoked = new Listeners<string>(() => {});
  const reconnected = new Listeners<void>(() => {});
  const told: { station: string; message: GroupKeyMessage }[] = [];
  const rekeyed: RoomGroupKey[] = [];
  const keyOf = (id: string) => (id === old ? undefined : Buffer.alloc(32, id.at(-1)));
  const bus = {
    connected: true,
    command: (topic: string, payload: string) => {
      const [, station = ""] = topic.split("/");
      assert.equal(topic, `intercom/${station}/key/set`);
      const message = openGroupKey(payload, keyOf(station)!);
      assert.ok(message, "it is under the key of the one who gets it");
      told.push({ station, message });
      return true;
    },
    onChange: (listener: () => void) => reconnected.add(listener),
  };
  const keys = new GroupKeys({
    bus,
    stations,
    arrivals: {
      list: () => [...visits.values()],
      visitOf: (id) => visits.get(id),
      onCame: (listener) => came.add(listener),
    },
    onRevoked: (listener) => revoked.add(listener),
    count: () => 5000,
    rekey: (group) => rekeyed.push(group),
    anyEmergency: false,
    clock,
    log: silentLog,
  });
  const come = (id: string) => {
    stations.told({ id, name: id, address: "10.0.0.1" });
    stations.status(id, true);
    const device = { id: id.replace("_", "-"), publish: () => ({}) } as unknown as Device;
    const voice = { [Symbol.dispose]: () => {} } as Voice;
    const visit = new Visit({ station: stations.get(id)!, device, voice, key: keyOf(id), end: () => {} });
    visits.set(id, visit);
    came.emit(visit);
  };
  const go = (id: string) => {
    const visit = visits.get(id);
    visits.delete(id);
    visit?.[Symbol.dispose]();
  };
  const confirm = (id: string) => {
    const last = told.findLast(({ station }) => station === id);
    stations.reported(id, { kind: "key", keyId: last?.message.id ?? -1 });
  };
  const revoke = (id: string) => revoked.emit(id.replace("_", "-"));
  const signing = () => keys.signing;
  return { clock, keys, signing, stations, told, rekeyed, come, go, confirm, revoke };
}

const hex = (key: Uint8Array | undefined) => Buffer.from(key ?? []).toString("hex");

describe("the key that stations with a token share", () => {
  it("is given to each of them under its own, and signed under once somebody has it", () => {
    const { keys, told, come, confirm, signing } = house();
    for (const id of [kitchen, old, attic]) come(id);
    assert.deepEqual(
      told.map(({ station }) => station),
      [kitchen, attic],
      "one without a token could not be told in secret",
    );
    assert.equal(hex(told[0]?.message.key), hex(told[1]?.message.key));
    assert.equal(signing(), undefined, "nobody could tell yet");
    confirm(kitchen);
    assert.equal(hex(signing()?.key), hex(told[0]?.message.key));
    assert.deepEqual(
      [kitchen, attic, old].map((id) => keys.knows(id)),
      [true, false, false],
    );
  });

  it("is told again to who began anew or did not answer, each time with a higher count", async () => {
    const { clock, keys, told, come, confirm, stations } = house();
    come(kitchen);
    await clock.advance(15_000);
    assert.deepEqual(
      told.map(({ message }) => message.sequence),
      [5000, 5001],
    );
    confirm(kitchen);
    await clock.advance(60_000);
    assert.equal(told.length, 2);
    stations.status(kitchen, true);
    assert.equal(told.length, 3);
    assert.equal(keys.knows(kitchen), false, "a station that began anew has it no more");
  });

  it("is another one when one of them loses its token, which learns nothing of it", async () => {
    const { signing, clock, told, rekeyed, come, go, confirm, revoke } = house();
    for (const id of [kitchen, attic]) {
      come(id);
      confirm(id);
    }
    const before = hex(signing()?.key);
    go(attic);
    revoke(attic);
    const news = told.splice(2);
    assert.deepEqual(
      news.map(({ station }) => station),
      [kitchen],
    );
    assert.notEqual(hex(news[0]?.message.key), before);
    assert.equal(hex(signing()?.key), before, "until it has reached everybody");
    confirm(kitchen);
    told.push(...news);
    confirm(kitchen);
    assert.equal(hex(signing()?.key), hex(news[0]?.message.key));
    assert.equal(hex(rekeyed.at(-1)?.key), hex(news[0]?.message.key), "what is being sent is signed under it at once");
    revoke(old);
    revoke(attic);
    assert.equal(told.length, 3, "who knew no key changes none");
    await clock.advance(0);
  });

  it("is signed under a second later, also when somebody does not answer: that one is sent to alone", async () => {
    const { clock, keys, signing, told, come, confirm, revoke, go } = house();
    for (const id of [kitchen, attic]) {
      come(id);
      confirm(id);
    }
    come(old);
    go(kitchen);
    revoke(kitchen);
    assert.equal(keys.knows(attic), true);
    await clock.advance(1000);
    assert.equal(keys.knows(attic), false);
    assert.equal(signing(), undefined);
    confirm(attic);
    assert.equal(hex(signing()?.key), hex(told.at(-1)?.message.key));
  });

  it("is renewed each day", async () => {
    const { clock, told, come, confirm } = house();
    come(kitchen);
    confirm(kitchen);
    await clock.advance(24 * 60 * 60_000);
    assert.equal(new Set(told.map(({ message }) => message.id)).size, 2);
  });
});
