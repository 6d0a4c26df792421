import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { type ArrivalHouse, arrivalContract } from "../../../test/contracts/arrivals.ts";
import { eventually } from "../../../test/contracts/rig.ts";
import { Reception } from "../../hub/reception.ts";
import { Registry } from "../../hub/registry.ts";
import { Voices } from "../../hub/voices.ts";
import { Audit } from "../../identity/audit.ts";
import { Enrolment } from "../../identity/enrolment.ts";
import { openStore } from "../../identity/store.ts";
import { systemClock } from "../../util/clock.ts";
import { DoorwardError } from "../../util/errors.ts";
import { every } from "../../util/every.ts";
import { silentLog } from "../../util/log.ts";
import { PaceThread } from "../../workers/pace/index.ts";
import { deviceIdOf, RoomArrivals } from "./arrivals.ts";
import { RoomSender } from "./sender.ts";
import { RoomSpeaker, roomCarrier } from "./speaker.ts";
import { RoomStations } from "./stations.ts";

/** SILK, 16 kHz, 20 ms (RFC 6716, 3.1). */
const word = Uint8Array.from({ length: 60 }, (_, n) => (n === 0 ? 0x48 : n));

arrivalContract("room", async ({ reception, registry }) => {
  const owned = new AsyncDisposableStack();
  const { arrivals, spoken } = await openArrivals({ reception, registry }, owned);
  return {
    call: async ({ token, signal, nonsense } = {}) => {
      const station = { ...place, id: "yard", name: "Yard" };
      if (nonsense) throw new DoorwardError("a station without an address", { code: "bad-offer" });
      const visit = await arrivals.enter(station, token === undefined ? {} : { token });
      const ended = Promise.withResolvers<void>();
      visit.onEnd(() => ended.resolve());
      const talking = every(systemClock, 10, () =>
        visit.write({ data: word, timestampUs: systemClock.nowUs(), key: true, durationUs: 20_000 }, 0),
      );
      visit.onEnd(() => talking[Symbol.dispose]());
      signal?.addEventListener("abort", () => visit[Symbol.dispose](), { once: true });
      if (signal?.aborted) visit[Symbol.dispose]();
      return { ended: ended.promise, hangUp: () => visit[Symbol.dispose]() };
    },
    connections: () => arrivals.list().length,
    spoken,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
});

const place = { address: "127.0.0.1", online: true, legacy: true, told: true, starts: 1 } as const;

describe("stations as devices", () => {
  it("come in by what they say over MQTT once they were let in by address, and go when they say so", async () => {
    await using house = await open("pending");
    const { stations, arrivals, reception, registry } = house;
    stations.told({ id: "intercom_9a0b1c2d", name: "Kitchen", address: "127.0.0.1" });
    stations.status("intercom_9a0b1c2d", true);
    await eventually(() => reception.waiting().length === 1);
    const [waiting] = reception.waiting();
    assert.deepEqual([waiting?.id, waiting?.name], ["intercom-9a0b1c2d", "Kitchen"]);
    await reception.approve("intercom-9a0b1c2d", { legacy: true, by: "Anna" });
    await eventually(() => arrivals.list().length === 1);
    assert.equal(registry.get("intercom-9a0b1c2d")?.name, "Kitchen");
    assert.equal(registry.get("intercom-9a0b1c2d")?.state.phase, "live");
    const { deviceId, legacy } = stations.get("intercom_9a0b1c2d") ?? {};
    assert.deepEqual([deviceId, legacy], ["intercom-9a0b1c2d", true]);
    stations.gone("intercom_9a0b1c2d");
    assert.equal(arrivals.list().length, 0);
    await eventually(() => registry.get("intercom-9a0b1c2d")?.state.phase === "away");
  });

  it("are not let in from another address than theirs", async () => {
    await using house = await open("pending");
    const { stations, arrivals, reception } = house;
    stations.heard("001122339a0b1c2d", "192.168.1.20");
    await eventually(() => reception.waiting().length === 1);
    await reception.approve("intercom-9a0b1c2d", { legacy: true, by: "Anna" });
    await eventually(() => arrivals.list().length === 1);
    stations.heard("001122339a0b1c2d", "192.168.1.66");
    await eventually(() => arrivals.list().length === 0);
    stations.heard("001122339a0b1c2d", "192.168.1.20");
    await eventually(() => arrivals.list().length === 1);
  });

  it("come in at once where everybody is let in, under the name of their room", async () => {
    await using house = await open("open");
    house.stations.told({ id: "intercom_9a0b1c2d", name: "Kitchen", address: "127.0.0.1" });
    house.stations.status("intercom_9a0b1c2d", true);
    await eventually(() => house.registry.get("intercom-9a0b1c2d")?.name === "Kitchen");
  });

  it("come back by themselves when their device was restarted", async () => {
    await using house = await open("open");
    const { stations, arrivals, registry } = house;
    stations.heard("001122339a0b1c2d", "127.0.0.1");
    await eventually(() => arrivals.list().length === 1);
    const [first] = arrivals.list();
    await registry.get("intercom-9a0b1c2d")?.restart();
    await eventually(() => arrivals.list().length === 1 && arrivals.list()[0] !== first);
  });
});

it("a station's id becomes a device's", () =>
  assert.equal(deviceIdOf("intercom_9A0b1c2d_web_X"), "intercom-9a0b1c2d-web-x"));

async function open(mode: "pending" | "open") {
  const clock = systemClock;
  await using opened = new AsyncDisposableStack();
  const store = openStore({ path: ":memory:" });
  const registry = opened.use(
    new Registry({
      drivers: [],
      clock,
      log: silentLog,
      book: { save: async () => {} },
      seal: (x) => x,
      unseal: (x) => x,
    }),
  );
  const enrolment = new Enrolment({ store, clock, mode });
  const reception = opened.use(new Reception({ enrolment, registry, audit: new Audit({ store, clock }) }));
  const { arrivals, stations } = await openArrivals({ reception, registry }, opened);
  const owned = opened.move();
  return { registry, reception, arrivals, stations, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Stations on loopback, of which a socket counts what it is given. */
async function openArrivals({ reception, registry }: ArrivalHouse, held: AsyncDisposableStack) {
  const [clock, log] = [systemClock, silentLog];
  const stations = held.use(new RoomStations({ clock, log }));
  const pace = held.use(new PaceThread({ log }));
  const ear = createSocket("udp4").bind(0, "127.0.0.1");
  await once(ear, "listening");
  held.defer(() => {
    ear.close();
  });
  let spoken = 0;
  ear.on("message", () => spoken++);
  const { port } = ear.address() as AddressInfo;
  const sender = new RoomSender({ pace, sender: "ffffffffffffffff", clock });
  const destination = () => ({ address: "127.0.0.1", port });
  const members = () => arrivals.list().map(({ deviceId }) => deviceId);
  const destinations = () => [destination()];
  const begin = () => ({ end: () => {} });
  const carrier = roomCarrier({ id: "room", sender, members, destinations, group: () => undefined, begin });
  const plain = { key: () => undefined, gain: () => 1, makesVolume: () => false, mayCarry: () => true };
  const hub = { reception, devices: registry, voices: new Voices({ clock }), clock, log };
  const speakerOf = () => new RoomSpeaker({ sender, carrier, destination, ...plain });
  const arrivals: RoomArrivals = held.use(new RoomArrivals({ hub, stations, speakerOf }));
  return { arrivals, stations, spoken: () => spoken };
}
