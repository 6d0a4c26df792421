import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HubDevice } from "../../src/hub/api.ts";
import type { ArrivalKind } from "../../src/hub/arrival-kinds.ts";
import { Reception } from "../../src/hub/reception.ts";
import { Registry } from "../../src/hub/registry.ts";
import { Audit } from "../../src/identity/audit.ts";
import { Enrolment } from "../../src/identity/enrolment.ts";
import { openStore } from "../../src/identity/store.ts";
import { systemClock } from "../../src/util/clock.ts";
import { silentLog } from "../../src/util/log.ts";
import { assertDecodable, assertSpeaks } from "./assertions.ts";
import { eventually, firstFrames, mainTrack, nextFrame, phase, resources } from "./rig.ts";

/** One connection of a device that calls: it sends its picture, or its sound, from the moment at which it is let in. */
export interface ArrivingPeer {
  /** Resolves when the connection has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** It hangs up, or its network is gone. */
  hangUp(): void;
}

/** How a device calls. */
export interface ArrivingCall {
  readonly token?: string | undefined;
  /** The device gives up calling. */
  readonly signal?: AbortSignal;
  /** It shows its token and then asks for what cannot be served. */
  readonly nonsense?: true;
}

/** A surface with a device that calls it, as the suite needs them. Disposing ends both. */
export interface ArrivalFixture extends AsyncDisposable {
  /** Calls as the device `yard`. Rejects with the hub's `code` when it is not let in. */
  call(how?: ArrivingCall): Promise<ArrivingPeer>;
  /** Connections that the hub holds open now. */
  connections(): number;
  /** From now on the hub's side of a connection lets go only after so long. */
  letGo?(ms: number): void;
  /** Blocks of speech that the device was given, for devices with a speaker. */
  spoken?(): number;
}

/** Where the surface lets its device in. */
export interface ArrivalHouse {
  readonly reception: Reception;
  readonly registry: Registry;
}

const letGoMs = 120;

/** What every kind of arrival passes: what `driverContract` asks of devices that are called, of those that call. */
export function arrivalContract(kind: ArrivalKind, start: (house: ArrivalHouse) => Promise<ArrivalFixture>): void {
  const open = () => openHouse({ kind, start });
  describe(`arrival ${kind}`, () => {
    it("waits until it is let in, and leaves nothing open meanwhile", async () => {
      await using house = await open();
      await assert.rejects(house.fixture.call(), { code: "pending" });
      assert.deepEqual(
        house.reception.waiting().map(({ id }) => id),
        ["yard"],
      );
      await eventually(() => house.fixture.connections() === 0);
      const { token } = await house.reception.approve("yard", { by: "Anna" });
      await using _peer = await house.live(token);
    });

    it("delivers frames that can be decoded, from a key frame on", async () => {
      await using house = await open();
      const { device, token } = await house.approved();
      const frames = firstFrames(device, 20);
      await using _peer = await house.live(token);
      assertDecodable(device, await frames);
    });

    it("holds one connection, and nothing once it hung up", async () => {
      await using house = await open();
      const { device, token } = await house.approved();
      const before = resources();
      for (let turn = 0; turn < 3; turn++) {
        await using _peer = await house.live(token);
        await firstFrames(device, 3);
        assert.equal(house.fixture.connections(), 1);
      }
      await phase(device, "away");
      await eventually(() => house.fixture.connections() === 0);
      await eventually(() => resources() <= before);
    });

    it("comes back to the same track after a drop, for the same readers, from a key frame on", async () => {
      await using house = await open();
      const { device, token } = await house.approved();
      const first = await house.live(token);
      await firstFrames(device, 3);
      const track = await mainTrack(device);
      using reader = track.read({ start: "live" });
      first.hangUp();
      await phase(device, "away");
      while (reader.take()); // what came before the drop
      await using _second = await house.live(token);
      assert.equal((await reader.next(AbortSignal.timeout(15_000)))?.key, true);
      assert.equal(await mainTrack(device), track);
      await phase(device, "live");
    });

    it("is taken over by a newer connection, and the end of the old one changes nothing", async () => {
      await using house = await open();
      const { device, token } = await house.approved();
      const old = await house.live(token);
      const track = await mainTrack(device);
      house.fixture.letGo?.(letGoMs);
      await using _newer = await house.live(token);
      assert.equal(await mainTrack(device), track);
      await nextFrame(device);
      await old.ended;
      await eventually(() => house.fixture.connections() === 1);
      await nextFrame(device);
      assert.equal(device.state.phase, "live");
    });

    it("is taken over many times in a row, however slowly the old ones let go: the last one has it", async () => {
      await using house = await open();
      const { device, token } = await house.approved();
      house.fixture.letGo?.(letGoMs);
      const peers = [];
      for (let turn = 0; turn < 4; turn++) peers.push(await house.live(token));
      await Promise.all(peers.slice(0, -1).map(({ ended }) => ended));
      await eventually(() => house.fixture.connections() === 1);
      await nextFrame(device);
      await phase(device, "live");
      peers.at(-1)?.hangUp();
      await phase(device, "away");
      await eventually(() => house.fixture.connections() === 0);
    });

    it("keeps its device from a second connection where that is set", async () => {
      await using house = await open();
      const { device, token } = await house.approved();
      await house.registry.update("yard", { takeOver: false });
      const first = await house.live(token);
      await assert.rejects(house.fixture.call({ token }), { code: "taken" });
      await nextFrame(device);
      first.hangUp();
      await phase(device, "away");
      await using _second = await house.live(token);
    });

    it("loses its device to nobody who shows another token, or asks for what cannot be served", async () => {
      await using house = await open();
      const { device, token } = await house.approved();
      await using _peer = await house.live(token);
      for (const call of [{}, { token: `${token}x` }]) {
        await assert.rejects(house.fixture.call(call), { code: "refused" });
      }
      await assert.rejects(house.fixture.call({ token, nonsense: true }));
      await nextFrame(device);
      assert.equal(device.state.phase, "live");
      await eventually(() => house.fixture.connections() === 1);
    });

    it("ends when its token is taken away or made anew, or its device switched off or removed", async () => {
      await using house = await open();
      const { reception, registry } = house;
      const { device, token } = await house.approved();
      const first = await house.live(token);
      const renewed = await reception.renew("yard", "Anna");
      await first.ended;
      await assert.rejects(house.fixture.call({ token }), { code: "refused" });
      const second = await house.live(renewed);
      await registry.update("yard", { enabled: false });
      await second.ended;
      assert.equal(device.state.phase, "disabled");
      await assert.rejects(house.fixture.call({ token: renewed }), { code: "disabled" });
      await registry.update("yard", { enabled: true });
      const third = await house.live(renewed);
      await reception.revoke("yard", "Anna");
      await third.ended;
      await assert.rejects(house.fixture.call({ token: renewed }), { code: "pending" });
      const { token: again } = await reception.approve("yard", { by: "Anna" });
      const fourth = await house.live(again);
      await registry.remove("yard");
      await fourth.ended;
      await eventually(() => house.fixture.connections() === 0);
    });

    it("gives up calling at whatever moment, and leaves nothing open", async () => {
      await using house = await open();
      const { device, token } = await house.approved();
      for (const turns of [0, 1, 2, 3, 5, 8, 13, 21]) {
        const giveUp = new AbortController();
        const calling = house.fixture.call({ token, signal: giveUp.signal }).then(
          (peer) => peer.hangUp(),
          () => {}, // it gave up
        );
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
        giveUp.abort();
        await calling;
        await eventually(() => house.fixture.connections() === 0);
        await phase(device, "away");
      }
      await using _peer = await house.live(token);
    });

    it("takes the device from nobody by giving up calling", async () => {
      await using house = await open();
      const { device, token } = await house.approved();
      await house.registry.update("yard", { takeOver: false });
      await using _peer = await house.live(token);
      for (const turns of [0, 1, 3, 8]) {
        const giveUp = new AbortController();
        const calling = house.fixture.call({ token, signal: giveUp.signal }).catch(() => {}); // as it should
        for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
        giveUp.abort();
        await calling;
      }
      await eventually(() => house.fixture.connections() === 1);
      await nextFrame(device);
      assert.equal(device.state.phase, "live");
    });

    it("plays what is said, gives the speaker back, and stops at once when told", async (t) => {
      await using house = await open();
      const { spoken } = house.fixture;
      if (!spoken) return t.diagnostic("this kind of device has no speaker");
      const { device, token } = await house.approved();
      await using _peer = await house.live(token);
      await assertSpeaks(device, spoken);
    });
  });
}

/** A house with one surface, whose device `yard` may be let in. */
async function openHouse(how: {
  readonly kind: ArrivalKind;
  readonly start: (house: ArrivalHouse) => Promise<ArrivalFixture>;
}) {
  const clock = systemClock;
  await using opened = new AsyncDisposableStack();
  const store = openStore({ path: ":memory:" });
  const registry = opened.use(
    new Registry({
      drivers: [],
      clock,
      log: silentLog,
      book: { save: async () => {} },
      seal: (text) => text,
      unseal: (text) => text,
    }),
  );
  const enrolment = new Enrolment({ store, clock });
  const reception = opened.use(new Reception({ enrolment, registry, audit: new Audit({ store, clock }) }));
  const fixture = opened.use(await how.start({ reception, registry }));
  const live = async (token: string | undefined) => {
    const peer = await fixture.call({ token });
    const device = registry.get("yard") as HubDevice;
    await phase(device, "live");
    return {
      ...peer,
      [Symbol.asyncDispose]: async () => {
        peer.hangUp();
        await peer.ended;
      },
    };
  };
  const approved = async () => {
    const device = await registry.add({ id: "yard", name: "Yard", arrives: how.kind });
    return { device, token: await reception.renew("yard", "Anna") };
  };
  const owned = opened.move();
  return { reception, registry, fixture, live, approved, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
