import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { Enrolment, maxWaiting } from "./enrolment.ts";
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
    for (let n = 0; n < maxWaiting; n++) assert.throws(() => call(`d${n}`), { code: "pending" });
    assert.throws(() => call("late"), { code: "refused" });
    assert.equal(enrolment.waiting().length, maxWaiting);
    await clock.advance(6 * 60_000);
    assert.throws(() => call("d0"), { code: "pending" });
    await clock.advance(6 * 60_000);
    assert.deepEqual(
      enrolment.waiting().map(({ id }) => id),
      ["d0"],
    );
  });

  it("refuses who was sent away, and who comes under the name of one that waits", async () => {
    const { clock, enrolment, call } = make();
    assert.throws(() => call("yard"), { code: "pending" });
    assert.throws(() => call("yard", { address: "192.168.1.66" }), { code: "refused" });
    enrolment.refuse("yard");
    assert.throws(() => call("yard"), { code: "refused" });
    assert.throws(() => enrolment.refuse("yard"), { code: "not-found" });
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
