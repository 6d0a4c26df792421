import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { Enrolment, maxWaiting, maxWaitingOfBlock } from "./enrolment.ts";
import { openStore } from "./store.ts";

function make(mode?: "open") {
  const clock = new ManualClock();
  const store = openStore({ path: ":memory:" });
  const enrolment = new Enrolment({ store, clock, ...(mode && { mode }) });
  const call = (
    id: string,
    more: { readonly token?: string; readonly address?: string; readonly kind?: string } = {},
  ) => enrolment.recognise({ id, kind: "whip", address: "192.168.1.7", ...more });
  return { clock, store, enrolment, call };
}

describe("enrolment", () => {
  it("lets an unknown device wait until it is approved, and then in by its token alone", async () => {
    const { enrolment, call, store } = make();
    assert.throws(() => call("yard"), { code: "pending" });
    assert.deepEqual(
      enrolment.waiting().map(({ id, kind, address }) => [id, kind, address]),
      [["yard", "whip", "192.168.1.7"]],
    );
    const token = await enrolment.approve("yard", { kind: "whip" });
    assert.match(token, /^dwd_[\w-]{43}$/);
    assert.deepEqual(enrolment.waiting(), []);
    assert.equal(call("yard", { token, address: "10.0.0.1" }), "token");
    assert.ok(!JSON.stringify(store.get("enrolment", "yard")).includes(token), "only its hash is kept");
    for (const wrong of [{}, { token: `${token}x` }, { token: "" }, { token, kind: "door" }]) {
      assert.throws(() => call("yard", wrong), { code: "refused" });
    }
  });

  it("counts only the newest token, and none once it was revoked", async () => {
    const { enrolment, call } = make();
    const told: string[] = [];
    using _listener = enrolment.onRevoked((id) => told.push(id));
    const first = await enrolment.approve("yard", { kind: "whip" });
    const second = await enrolment.approve("yard", { kind: "whip" });
    assert.throws(() => call("yard", { token: first }), { code: "refused" });
    assert.equal(call("yard", { token: second }), "token");
    await enrolment.revoke("yard");
    assert.throws(() => call("yard", { token: second }), { code: "pending" });
    assert.deepEqual(told, ["yard", "yard", "yard"]);
  });

  it("pins a legacy device to the address that it waited at", async () => {
    const { enrolment, call } = make();
    assert.throws(() => call("old"), { code: "pending" });
    await enrolment.approveLegacy("old");
    assert.equal(call("old"), "legacy");
    assert.equal(enrolment.enrolled("old")?.legacy, true);
    assert.throws(() => call("old", { address: "192.168.1.8" }), { code: "refused" });
  });

  it("lets 32 wait at most, each for ten minutes after it called last", async () => {
    const { clock, enrolment, call } = make();
    const address = (n: number) => `192.168.1.${n}`;
    for (let n = 0; n < maxWaiting; n++)
      assert.throws(() => call(`d${n}`, { address: address(n) }), { code: "pending" });
    assert.throws(() => call("late"), { code: "refused" });
    assert.equal(enrolment.waiting().length, maxWaiting);
    await clock.advance(6 * 60_000);
    assert.throws(() => call("d0", { address: address(0) }), { code: "pending" });
    await clock.advance(6 * 60_000);
    assert.deepEqual(
      enrolment.waiting().map(({ id }) => id),
      ["d0"],
    );
  });

  it("lets 8 of one block of addresses wait, and takes the newest of the biggest block where all places are taken", () => {
    const { enrolment, call } = make();
    const ids = () => enrolment.waiting().map(({ id }) => id);
    for (const prefix of ["2001:db8:0:1", "2001:db8:0:2", "2001:db8:0:3", "2001:db8:0:4"]) {
      const from = (n: number) => ({ address: `${prefix}::${n + 1}` });
      const name = `s${prefix.at(-1)}`;
      for (let n = 0; n < maxWaitingOfBlock; n++) {
        assert.throws(() => call(`${name}-${n}`, from(n)), { code: "pending" });
      }
      assert.throws(() => call(`${name}-late`, from(8)), { code: "refused" });
    }
    assert.equal(ids().length, maxWaiting);
    assert.throws(() => call("yard"), { code: "pending" }, "a house's own device finds a place all the same");
    assert.ok(ids().includes("yard") && !ids().includes("s1-7"));
    assert.equal(ids().length, maxWaiting);
  });

  it("keeps a name for who waits under it until that one is let in, sent away or long gone", async () => {
    const { clock, enrolment, call } = make();
    assert.throws(() => call("yard"), { code: "pending" });
    for (let minute = 0; minute < 30; minute++) {
      await clock.advance(60_000);
      assert.throws(() => call("yard", { address: "192.168.1.66" }), { code: "refused" });
      if (minute < 15) assert.throws(() => call("yard"), { code: "pending" });
      else if (minute === 24) break;
    }
    assert.equal(enrolment.waiting()[0]?.address, "192.168.1.7", "nine minutes after it called last");
    await clock.advance(2 * 60_000);
    assert.throws(() => call("yard", { address: "192.168.1.66" }), { code: "pending" });
    await assert.rejects(enrolment.approveLegacy("yard", { waitsAt: "192.168.1.7" }), { code: "not-found" });
    assert.equal(enrolment.enrolled("yard"), undefined, "whoever came meanwhile is not who was looked at");
    await enrolment.approveLegacy("yard", { waitsAt: "192.168.1.66" });
  });

  it("refuses who was sent away, and who comes under the name of one that waits", async () => {
    const { clock, enrolment, call } = make();
    assert.throws(() => call("yard"), { code: "pending" });
    assert.throws(() => call("yard", { address: "192.168.1.66" }), { code: "refused" });
    enrolment.refuse("yard");
    assert.throws(() => call("yard"), { code: "refused" });
    assert.throws(() => enrolment.refuse("yard"), { code: "not-found" });
    assert.throws(() => call("yard", { address: "192.168.1.20" }), { code: "pending" }, "its name is free for another");
    enrolment.refuse("yard");
    await clock.advance(10 * 60_000 + 1);
    assert.throws(() => call("yard"), { code: "pending" });
  });

  it("lets everybody in where it is open, but for devices that have a token", async () => {
    const { enrolment, call } = make("open");
    assert.equal(call("anybody"), "open");
    await enrolment.approve("yard", { kind: "whip" });
    assert.throws(() => call("yard"), { code: "refused" });
  });
});
