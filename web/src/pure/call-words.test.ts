import assert from "node:assert/strict";
import { test } from "node:test";
import type { CallView } from "../api.ts";
import { isMissed, othersIn, placeIn, sayOutcome, sayRinging, talkedFor } from "./call-words.ts";

const door = { party: "device:door", name: "Front door", deviceId: "door" } as const;
const you = { party: "person:1", name: "Anna" } as const;
const kitchen = { party: "device:kitchen", name: "Kitchen", deviceId: "kitchen" } as const;

function call(change: Partial<CallView>): CallView {
  return {
    id: "c",
    from: door,
    to: [],
    state: "ringing",
    rung: [
      { ...you, state: "told" },
      { ...kitchen, state: "ringing" },
    ],
    participants: [door],
    lock: false,
    startedMs: 1000,
    you: you.party,
    mayAnswer: true,
    mayPeek: true,
    mayUnlock: false,
    ...change,
  };
}

test("a call that rings here is incoming, until one has declined", () => {
  assert.equal(placeIn(call({})), "incoming");
  assert.equal(placeIn(call({ rung: [{ ...you, state: "declined" }] })), "others");
  assert.equal(placeIn(call({ rung: [{ ...you, state: "quiet" }] })), "others");
});

test("one's own call is outgoing while it rings, and one is in it when it is answered", () => {
  const own = { from: you, participants: [you], rung: [{ ...kitchen, state: "told" }] } as const;
  assert.equal(placeIn(call(own)), "outgoing");
  assert.equal(placeIn(call({ ...own, state: "answered", participants: [you, kitchen] })), "in");
  assert.equal(placeIn(call({ state: "answered", participants: [door, kitchen] })), "others");
  assert.equal(placeIn(call({ state: "ended" })), "over");
});

test("who else rings and who else talks is said by name, without oneself", () => {
  assert.equal(sayRinging(call({})), "also rings: Kitchen");
  assert.equal(sayRinging(call({ rung: [{ ...you, state: "ringing" }] })), "");
  assert.equal(othersIn(call({ participants: [door, you, kitchen] })), "Front door, Kitchen");
});

test("what became of a call is one sentence", () => {
  assert.equal(sayOutcome(call({ answeredBy: kitchen })), "Answered by Kitchen");
  assert.equal(sayOutcome(call({ answeredBy: you })), "Answered by you");
  assert.equal(
    sayOutcome(call({ state: "ended", endReason: "declined", endedBy: kitchen, reply: "Coming" })),
    "Declined by Kitchen: “Coming”",
  );
  assert.equal(sayOutcome(call({ state: "ended", endReason: "opened" })), "The door was opened");
});

test("one's own call that came to nothing says of each why", () => {
  const ben = { party: "person:2", name: "Ben" } as const;
  const own = (state: CallView["rung"][number]["state"], endReason: CallView["endReason"]) =>
    sayOutcome(call({ from: you, state: "ended", endReason, rung: [{ ...ben, state }] }));
  assert.equal(own("quiet", "unreachable"), "Ben does not want to be disturbed now");
  assert.equal(own("unreachable", "unreachable"), "Ben is not here now");
  assert.equal(own("busy", "busy"), "Ben is in another call");
  assert.equal(own("ringing", "missed"), "Ben did not answer");
  const both = [{ ...ben, state: "quiet" } as const, { ...kitchen, state: "busy" } as const];
  assert.equal(
    sayOutcome(call({ from: you, state: "ended", endReason: "busy", rung: both })),
    "Ben does not want to be disturbed now; Kitchen is in another call",
  );
});

test("missed is what others began and nobody took", () => {
  assert.equal(isMissed(call({ state: "ended", endReason: "missed" })), true);
  assert.equal(isMissed(call({ state: "ended", endReason: "cancelled" })), true);
  assert.equal(isMissed(call({ state: "ended", endReason: "ended", answeredBy: kitchen })), false);
  assert.equal(isMissed(call({ state: "ended", endReason: "declined" })), false);
  assert.equal(isMissed(call({ state: "ended", endReason: "missed", from: you })), false);
  assert.equal(isMissed(call({})), false);
});

test("how long people talked is told only where they did", () => {
  assert.equal(talkedFor({ startedMs: 0, answeredMs: 1000, endedMs: 42_000 }), "0:41");
  assert.equal(talkedFor({ startedMs: 0, endedMs: 42_000 }), "");
});
