import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeArrival } from "../../test/contracts/arrival.ts";
import { Audit } from "../identity/audit.ts";
import { Enrolment } from "../identity/enrolment.ts";
import { openStore } from "../identity/store.ts";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import type { DeviceInput } from "./device-settings.ts";
import { Reception } from "./reception.ts";
import { Registry } from "./registry.ts";

function house(mode?: "open") {
  const clock = new ManualClock();
  const store = openStore({ path: ":memory:" });
  const saved = new Map<string, DeviceInput | undefined>();
  const registry = new Registry({
    drivers: [],
    clock,
    log: silentLog,
    book: { save: async (id, input) => void saved.set(id, input) },
    seal: (text) => text,
    unseal: (text) => text,
  });
  const enrolment = new Enrolment({ store, clock, ...(mode && { mode }) });
  const audit = new Audit({ store, clock });
  const reception = new Reception({ enrolment, registry, audit });
  const call = (token?: string, address = "192.168.1.7") =>
    FakeArrival.call(
      (signal) => reception.admit({ kind: "whip", id: "yard", address, ...(token !== undefined && { token }) }, signal),
      clock,
    );
  /** An approved device, with its token. */
  const approved = async () => {
    await assert.rejects(call(), { code: "pending" });
    const { device, token = "" } = await reception.approve("yard", { name: "Yard", area: "Outside", by: "Anna" });
    return { device, token };
  };
  return { clock, store, audit, saved, registry, enrolment, reception, call, approved };
}

describe("reception", () => {
  it("lets a device in that was approved: it is on the wall, and in the file", async () => {
    const { call, approved, saved, registry } = house();
    const { device, token } = await approved();
    assert.deepEqual(saved.get("yard"), { id: "yard", name: "Yard", arrives: "whip", area: "Outside" });
    assert.deepEqual([device.state.phase, device.info().kind], ["away", "whip"]);
    const arrival = await call(token);
    assert.equal(device.state.phase, "connecting");
    arrival.send();
    assert.equal(device.state.phase, "live");
    assert.equal(await device.waitForSpeaker({ timeoutMs: 1 }), arrival.speaker);
    arrival.hangUp();
    assert.equal(device.state.phase, "away");
    await assert.rejects(device.command("unlock", {}), { code: "offline" });
    assert.equal(registry.list().length, 1);
  });

  it("gives the device to a newer connection; the end of the old one changes nothing", async () => {
    const { call, approved } = house();
    const { device, token } = await approved();
    const old = await call(token);
    old.send();
    const track = device.track("video")!;
    const reader = track.read();
    reader.take();
    const newer = await call(token);
    assert.equal(old.open, false);
    old.send();
    assert.equal(reader.take(), undefined, "what the old one still sends is nobody's");
    newer.send();
    old.hangUp();
    assert.equal(reader.take()?.key, true);
    assert.deepEqual([device.track("video"), device.state.phase], [track, "live"]);
    assert.equal(await device.waitForSpeaker({ timeoutMs: 1 }), newer.speaker);
  });

  it("refuses the second one where that is set, until the first has left", async () => {
    const { call, approved, registry } = house();
    const { token } = await approved();
    await registry.update("yard", { takeOver: false });
    const first = await call(token);
    await assert.rejects(call(token), { code: "taken" });
    assert.ok(first.open);
    first.hangUp();
    assert.ok((await call(token)).open);
  });

  it("takes the device from nobody for a caller who has hung up already", async () => {
    const { approved, call, reception } = house();
    const { device, token } = await approved();
    const living = await call(token);
    living.send();
    const late = reception.admit({ kind: "whip", id: "yard", address: "::1", token }, AbortSignal.abort());
    await assert.rejects(late, { code: "hung-up" });
    assert.ok(living.open);
    assert.equal(device.state.phase, "live");
  });

  it("approves only the one that was looked at", async () => {
    const { call, reception, enrolment } = house();
    await assert.rejects(call(), { code: "pending" });
    const elsewhere = { address: "192.168.1.66", legacy: true, by: "Anna" };
    await assert.rejects(reception.approve("yard", elsewhere), { code: "changed" });
    assert.equal(enrolment.enrolled("yard"), undefined);
    await reception.approve("yard", { ...elsewhere, address: "192.168.1.7" });
    assert.ok((await call()).open);
  });

  it("lets in 64 devices that nobody set up where enrolment is open, and no more", async () => {
    const { reception, registry } = house("open");
    const { signal } = new AbortController();
    const come = (n: number) => reception.admit({ kind: "whip", id: `d${n}`, address: "::1" }, signal);
    for (let n = 0; n < 64; n++) await come(n);
    await assert.rejects(come(64), { code: "refused" });
    await come(0);
    await registry.remove("d1");
    await come(64);
  });

  it("ends a connection whose token is revoked, replaced, or whose device is switched off or removed", async () => {
    const { call, approved, reception, registry } = house();
    let { token } = await approved();
    const revoked = await call(token);
    await reception.revoke("yard", "Anna");
    assert.equal(revoked.open, false);
    await assert.rejects(call(token), { code: "pending" });
    token = (await reception.approve("yard", { by: "Anna" })).token ?? "";
    const replaced = await call(token);
    token = await reception.renew("yard", "Anna");
    assert.equal(replaced.open, false);
    const off = await call(token);
    await registry.update("yard", { enabled: false });
    assert.deepEqual([off.open, registry.get("yard")?.state.phase], [false, "disabled"]);
    await assert.rejects(call(token), { code: "disabled" });
    await registry.update("yard", { enabled: true });
    assert.equal(registry.get("yard")?.state.phase, "away");
    const removed = await call(token);
    await registry.remove("yard");
    assert.equal(removed.open, false);
  });

  it("keeps a connection when only its device's name or area is changed", async () => {
    const { call, approved, registry } = house();
    const { token } = await approved();
    const arrival = await call(token);
    await registry.update("yard", { name: "Garden", area: "Behind" });
    assert.ok(arrival.open);
  });

  it("writes down who let whom in", async () => {
    const { call, approved, reception, audit, store } = house();
    const { token } = await approved();
    await call(token);
    await reception.revoke("yard", "Ben");
    await store.settled();
    const lines = audit.list().map(({ actor, action }) => `${actor} ${action}`);
    assert.deepEqual(lines, ["Ben device-revoked", "yard device-arrived", "Anna device-approved"]);
  });

  it("pins a legacy device to its address", async () => {
    const { call, reception } = house();
    await assert.rejects(call(), { code: "pending" });
    assert.equal((await reception.approve("yard", { legacy: true, by: "Anna" })).token, undefined);
    assert.ok((await call()).open);
    await assert.rejects(call(undefined, "192.168.1.99"), { code: "refused" });
  });

  it("shows whoever comes where enrolment is open, in no file", async () => {
    const { call, saved, registry } = house("open");
    assert.ok((await call()).open);
    assert.equal(registry.get("yard")?.name, "Yard");
    assert.equal(saved.size, 0);
  });

  it("is not fooled by a name that is none, or another device's", async () => {
    const { reception } = house();
    const signal = new AbortController().signal;
    for (const id of ["../etc", "", "Yard", "a".repeat(49)]) {
      await assert.rejects(reception.admit({ kind: "whip", id, address: "::1" }, signal), { code: "refused" });
    }
  });
});
