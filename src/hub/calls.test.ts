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
function rig(options: { readonly bell?: object; readonly quiet?: readonly string[] } = {}) {
  const quiet = new Set(options.quiet);
  const bell = { quiet: false };
  const clock = new ManualClock();
  const settings = settingsOf({ name: "Front door", area: "Entrance", ...(options.bell && { bell: options.bell }) });
  const door = { id: "door", name: "Front door", area: "Entrance", settings, info: () => ({ kind: "door" }) };
  const plans = new CallPlans({
    device: (id) => (id === "door" ? (door as unknown as HubDevice) : undefined),
    house: () => ({ devices: [], groups: new Map() }),
    person: (name) => (["anna", "ben", "cleo"].includes(name) ? { id: name, name } : undefined),
    isQuiet: ({ name }) => quiet.has(name),
    isBellQuiet: () => bell.quiet,
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
  return { calls, clock, phone, take, changes, quiet, bell };
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

test("groups ring one after another, and a time later somebody else as well", async () => {
  const bell = { groups: [["person:anna"], ["person:ben"]], groupS: 10, forward: { afterS: 15, to: ["person:cleo"] } };
  const { calls, clock, phone, take } = rig({ bell });
  for (const name of ["anna", "ben", "cleo"]) phone(name);
  const { call } = calls.ring({ from: "door" });
  assert.deepEqual(take(), ["anna rings"]);
  await clock.advance(10_000);
  assert.deepEqual(take(), ["anna silent: passed", "ben rings"]);
  await clock.advance(5000);
  assert.deepEqual(take(), ["cleo rings"]);
  calls.answer(call?.id ?? "", ben);
  assert.deepEqual(take(), ["ben silent: answered by ben", "cleo silent: answered by ben"]);
});

test("the last group rings for its time, however short the bell rings otherwise", async () => {
  const { calls, clock, phone, take } = rig({ bell: { ringS: 5, groups: [["person:anna"], ["person:ben"]] } });
  phone("anna");
  phone("ben");
  calls.ring({ from: "door" });
  await clock.advance(15_000);
  assert.deepEqual(take(), ["anna rings", "anna silent: passed", "ben rings"]);
  await clock.advance(15_000);
  assert.deepEqual(take(), ["ben silent: missed"]);
});

test("who declines passes it on to the next group at once; a reply ends it; for oneself nobody else falls silent", () => {
  const groups = rig({ bell: { groups: [["person:anna"], ["person:ben"]] } });
  groups.phone("anna");
  groups.phone("ben");
  const first = groups.calls.ring({ from: "door" }).call?.id ?? "";
  groups.calls.decline(first, anna);
  assert.deepEqual(groups.take(), ["anna rings", "anna silent: declined", "ben rings"]);
  groups.calls.decline(first, ben, { reply: "Not now." });
  assert.deepEqual([groups.calls.get(first)?.endReason, groups.calls.get(first)?.reply], ["declined", "Not now."]);
  const all = rig();
  all.phone("anna");
  all.phone("ben");
  const second = all.calls.ring({ from: "door" }).call?.id ?? "";
  all.calls.decline(second, anna, { forSelf: true });
  assert.deepEqual(all.take(), ["anna rings", "ben rings", "anna silent: declined"]);
  all.calls.decline(second, ben);
  assert.deepEqual([all.take(), all.calls.get(second)?.endReason], [["ben silent: declined"], "declined"]);
});

test("a group in which nobody can be rung does not keep the next one waiting", () => {
  const { calls, phone, take } = rig({ bell: { groups: [["person:anna"], ["person:ben"]] }, quiet: ["anna"] });
  phone("anna");
  phone("ben");
  const { call } = calls.ring({ from: "door" });
  assert.deepEqual(take(), ["ben rings"]);
  assert.deepEqual(
    call?.rung.map(({ name, state }) => `${name} ${state}`),
    ["anna quiet", "ben told"],
  );
});

test("quiet hours that begin while it rings silence those whose they are, and let others ring on; that end, ring them", async () => {
  const { calls, clock, phone, take, quiet } = rig({ quiet: ["ben"] });
  phone("anna");
  phone("ben");
  const { call } = calls.ring({ from: "door" });
  assert.deepEqual(take(), ["anna rings"]);
  quiet.add("anna");
  await clock.advance(1000);
  assert.deepEqual(take(), ["anna silent: quiet"]);
  quiet.clear();
  await clock.advance(1000);
  assert.deepEqual(take(), ["anna rings", "ben rings"]);
  quiet.add("anna");
  await clock.advance(1000);
  assert.equal(calls.answer(call?.id ?? "", ben).state, "done");
  assert.deepEqual(take(), ["anna silent: quiet", "ben silent: answered by ben"]);
});

test("a group is judged when its turn comes, and who is passed over keeps nobody waiting", async () => {
  const groups = { bell: { groups: [["person:anna"], ["person:ben"], ["person:cleo"]], groupS: 15 } };
  const { calls, clock, phone, take, quiet } = rig(groups);
  for (const name of ["anna", "ben", "cleo"]) phone(name);
  const { call } = calls.ring({ from: "door" });
  quiet.add("ben");
  await clock.advance(15_000);
  assert.deepEqual(take(), ["anna rings", "anna silent: passed", "cleo rings"]);
  quiet.clear();
  await clock.advance(2000);
  // Ben's turn is over.
  assert.deepEqual(take(), []);
  quiet.add("cleo");
  await clock.advance(1000);
  quiet.clear();
  await clock.advance(1000);
  assert.deepEqual(take(), ["cleo silent: quiet", "ben rings", "cleo rings"]);
  assert.equal(calls.get(call?.id ?? "")?.state, "ringing");
});

test("a bell's own quiet hours hush a ring that runs into them, which is missed at its time unless they end before", async () => {
  const { calls, clock, phone, take, bell } = rig();
  phone("anna");
  const first = calls.ring({ from: "door" }).call?.id ?? "";
  bell.quiet = true;
  await clock.advance(1000);
  phone("ben");
  assert.deepEqual(take(), ["anna rings", "anna silent: quiet"]);
  await clock.advance(44_000);
  assert.equal(calls.get(first)?.endReason, "missed");
  const second = calls.ring({ from: "door" }).call?.id ?? "";
  await clock.advance(5000);
  assert.deepEqual(take(), []);
  bell.quiet = false;
  await clock.advance(1000);
  assert.deepEqual(take(), ["anna rings", "ben rings"]);
  assert.equal(calls.get(second)?.state, "ringing");
});

test("somebody who is called by a person and does not want it any more is reached no longer", async () => {
  const { calls, clock, phone, quiet } = rig();
  phone("anna");
  phone("ben");
  const { call } = calls.call({ from: anna, to: ["person:ben"] });
  quiet.add("ben");
  await clock.advance(1000);
  assert.equal(calls.get(call?.id ?? "")?.endReason, "unreachable");
});

test("ten rings that nobody answers mute a bell for ten minutes; somebody who says so, or an answer, lets it ring", async () => {
  const { calls, clock, phone } = rig({ bell: { ringS: 5 } });
  phone("anna");
  const told: number[] = [];
  calls.onMuted((bells) => told.push(bells.length));
  const ringTimes = async (times: number) => {
    const states = [];
    for (let time = 0; time < times; time++) {
      states.push(calls.ring({ from: "door" }).state);
      await clock.advance(10_000);
    }
    return new Set(states);
  };
  assert.deepEqual([...(await ringTimes(10))], ["ringing"]);
  assert.equal(calls.ring({ from: "door" }).state, "muted");
  assert.equal(calls.mutedBells()[0]?.from.deviceId, "door");
  calls.unmute("door");
  assert.deepEqual([...(await ringTimes(9))], ["ringing"]);
  calls.answer(calls.ring({ from: "door" }).call?.id ?? "", anna);
  calls.end(calls.list()[0]?.id ?? "", anna);
  await clock.advance(4000);
  assert.deepEqual([...(await ringTimes(10))], ["ringing"]);
  assert.equal(calls.ring({ from: "door" }).state, "muted");
  await clock.advance(600_000);
  assert.deepEqual([calls.mutedBells(), calls.ring({ from: "door" }).state], [[], "ringing"]);
  assert.deepEqual(told, [1, 0, 1, 0], "told when it is muted and when it rings again");
});

test("a door that is opened rings no longer, unless its settings say that it does", () => {
  const opened = rig();
  opened.phone("anna");
  opened.calls.ring({ from: "door" });
  opened.calls.opened("door");
  assert.deepEqual(opened.take(), ["anna rings", "anna silent: opened"]);
  const stays = rig({ bell: { openedEnds: false } });
  stays.phone("anna");
  stays.calls.ring({ from: "door" });
  stays.calls.opened("door");
  assert.deepEqual(stays.take(), ["anna rings"]);
});

test("bells of one station ring apart, each by its name", () => {
  const { calls, phone, take } = rig({ bell: { names: { "2": { name: "Flat 2", rings: ["person:ben"] } } } });
  phone("anna");
  phone("ben");
  const second = calls.ring({ from: "door", bell: "2" }).call;
  assert.deepEqual([second?.from.name, take()], ["Front door, Flat 2", ["ben rings"]]);
  assert.equal(calls.ring({ from: "door", bell: "1" }).state, "ringing");
  assert.equal(calls.list().length, 2);
  calls.answer(second?.id ?? "", ben);
  const other = calls.list().find(({ from }) => from.bell === "1");
  assert.equal(calls.answer(other?.id ?? "", anna).reason, "busy", "its one loudspeaker is in another call");
});

test("who talks and is away for a moment stays in the call, and leaves it after five seconds", async () => {
  const { calls, clock, phone, changes } = rig();
  const first = phone("anna");
  const id = calls.ring({ from: "door" }).call?.id ?? "";
  calls.answer(id, anna);
  first[Symbol.dispose]();
  await clock.advance(4000);
  const again = phone("anna");
  await clock.advance(10_000);
  assert.equal(calls.get(id)?.state, "answered");
  again[Symbol.dispose]();
  await clock.advance(5000);
  assert.deepEqual([calls.get(id)?.endReason, calls.get(id)?.endedBy?.name], ["ended", "anna"]);
  assert.deepEqual(changes(), ["ringing", "answered", "ended"]);
});

test("three take part: who hangs up leaves, and the last two end it", () => {
  const { calls, phone, changes } = rig();
  phone("anna");
  phone("ben");
  const id = calls.ring({ from: "door" }).call?.id ?? "";
  assert.equal(calls.join(id, ben).reason, "ringing");
  calls.answer(id, anna);
  calls.join(id, ben);
  calls.end(id, anna);
  assert.deepEqual(
    calls.get(id)?.participants.map(({ name }) => name),
    ["Front door", "ben"],
  );
  calls.end(id, ben);
  assert.deepEqual(changes(), ["ringing", "answered", "joined", "left", "ended"]);
});

test("people who call each other: nobody is rung who talks by a device, and the caller may give up", () => {
  const { calls, phone, take, changes } = rig();
  phone("ben");
  const { call } = calls.call({ from: anna, to: ["person:ben"] });
  assert.equal(calls.call({ from: anna, to: ["person:ben"] }).reason, "busy");
  assert.equal(calls.answer(call?.id ?? "", anna).reason, "oneself");
  calls.end(call?.id ?? "", anna);
  assert.deepEqual(take(), ["ben rings", "ben silent: cancelled"]);
  assert.equal(calls.call({ from: anna, to: ["person:cleo"] }).call?.endReason, "unreachable");
  assert.deepEqual(changes(), ["ringing", "ended", "ringing", "rung", "ended"]);
});

test("the hub ends: every call is over and says why", () => {
  const { calls, phone, take, changes, clock } = rig();
  phone("anna");
  calls.ring({ from: "door" });
  calls[Symbol.dispose]();
  assert.deepEqual(take(), ["anna rings", "anna silent: restarted"]);
  assert.deepEqual([changes(), clock.pending], [["ringing", "ended"], 0]);
});

test("where a bell rings a person, it rings those too for whom a program of theirs asks", () => {
  const { calls, phone, take } = rig({ bell: { rings: ["person:anna"] } });
  phone("anna");
  phone("anna/tablet");
  phone("ben");
  phone("annabel");
  const { call } = calls.ring({ from: "door" });
  phone("anna/phone");
  assert.deepEqual(take(), ["anna rings", "anna/tablet rings", "anna/phone rings"]);
  calls.answer(call?.id ?? "", { party: "person:anna/tablet", name: "anna/tablet" });
  assert.deepEqual(take().toSorted(), [
    "anna silent: answered by anna/tablet",
    "anna/phone silent: answered by anna/tablet",
    "anna/tablet silent: answered by anna/tablet",
  ]);
});
