import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import type { HubDevice } from "./api.ts";
import type { CallEvent, Ringer } from "./call-api.ts";
import { CallPlans } from "./call-plan.ts";
import { Calls } from "./calls.ts";
import { settingsOf } from "./device-settings.ts";

/** A house with a door, and people who say what their phones do. */
function rig(options: { readonly bell?: object } = {}) {
  const clock = new ManualClock();
  const settings = settingsOf({ name: "Front door", area: "Entrance", ...options });
  const door = { id: "door", name: "Front door", area: "Entrance", settings, info: () => ({ kind: "door" }) };
  const plans = new CallPlans({
    device: (id) => (id === "door" ? (door as unknown as HubDevice) : undefined),
    house: () => ({ devices: [], groups: new Map() }),
    person: (name) => (["anna", "ben"].includes(name) ? { id: name, name } : undefined),
    isQuiet: () => false,
    isBellQuiet: () => false,
    ringS: () => 45,
  });
  const calls = new Calls({ plans, clock, log: silentLog });
  const said: string[] = [];
  const events: CallEvent[] = [];
  calls.onChange((event) => events.push(event));
  const phone = (name: string, how: { readonly mayAnswer?: boolean } = {}) => {
    const ringer: Ringer = {
      party: `person:${name}`,
      name,
      mayAnswer: () => how.mayAnswer ?? true,
      ring: () => said.push(`${name} rings`),
      stop: (call, why) => said.push(`${name} silent: ${why}${call.answeredBy ? ` by ${call.answeredBy.name}` : ""}`),
    };
    return calls.addRinger(ringer);
  };
  const take = () => said.splice(0);
  const changes = () => events.splice(0).map(({ change }) => change);
  return { calls, clock, phone, take, changes };
}

const anna = { party: "person:anna", name: "anna" } as const;
const ben = { party: "person:ben", name: "ben" } as const;

test("a ring rings everybody who may talk there, is answered once, and the others fall silent and hear by whom", () => {
  const { calls, phone, take, changes } = rig();
  phone("anna");
  phone("ben");
  phone("guest", { mayAnswer: false });
  const { call, state } = calls.ring({ from: "door" });
  assert.equal(state, "ringing");
  assert.deepEqual(take(), ["anna rings", "ben rings"]);
  calls.confirm(call?.id ?? "", "person:ben");
  assert.equal(calls.answer(call?.id ?? "", anna).state, "done");
  assert.deepEqual(take(), ["anna silent: answered by anna", "ben silent: answered by anna"]);
  const late = calls.answer(call?.id ?? "", ben);
  assert.deepEqual([late.state, late.reason, late.by?.name], ["refused", "answered", "anna"]);
  calls.end(call?.id ?? "", anna);
  assert.deepEqual(changes(), ["ringing", "confirmed", "answered", "ended"]);
  assert.deepEqual(calls.list(), []);
});

test("nobody answers: it is missed after 45 s, and no timer is left", async () => {
  const { calls, clock, phone, take } = rig();
  phone("anna");
  const { call } = calls.ring({ from: "door" });
  await clock.advance(44_999);
  assert.equal(calls.get(call?.id ?? "")?.state, "ringing");
  await clock.advance(1);
  assert.equal(calls.get(call?.id ?? "")?.endReason, "missed");
  assert.deepEqual(take(), ["anna rings", "anna silent: missed"]);
  assert.equal(clock.pending, 0);
});

test("presses while it rings, and within 3 s, are one call", async () => {
  const { calls, clock, phone, changes } = rig();
  phone("anna");
  const first = calls.ring({ from: "door", pressId: "1" });
  await clock.advance(1000);
  assert.equal(calls.ring({ from: "door" }).state, "joined");
  calls.decline(first.call?.id ?? "", anna);
  await clock.advance(1500);
  assert.equal(calls.ring({ from: "door" }).call?.id, first.call?.id);
  await clock.advance(1600);
  assert.equal(calls.ring({ from: "door", pressId: "1" }).state, "joined", "the same press by a slower way");
  assert.equal(calls.ring({ from: "door", pressId: "2" }).state, "ringing");
  assert.deepEqual(changes(), ["ringing", "ended", "ringing"]);
});

test("a page that is opened while it rings, rings", () => {
  const { calls, phone, take } = rig();
  const { call } = calls.ring({ from: "door" });
  assert.equal(call?.state, "ringing");
  phone("anna");
  assert.deepEqual(take(), ["anna rings"]);
});
