import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CallChanged, CallView } from "../api.ts";
import { explainCall, nameOfCall, noticeOf } from "./call-sayings.ts";

const door = { party: "device:door", name: "Front door", deviceId: "door" } as const;
const you = { party: "person:1", name: "Anna" } as const;
const ben = { party: "person:2", name: "Ben" } as const;

function call(change: Partial<CallView> = {}): CallView {
  const rights = { mayAnswer: true, mayPeek: true, mayUnlock: false, lock: false };
  const rung = [{ ...you, state: "ringing" } as const];
  return {
    id: "c",
    from: door,
    to: [],
    state: "ringing",
    rung,
    participants: [door],
    startedMs: 0,
    you: you.party,
    ...rights,
    ...change,
  };
}

const own = { from: you, participants: [you], rung: [{ ...ben, state: "told" }] } as const;

describe("a call in words", () => {
  it("is named by who calls, by whom one calls, and by whom one talks to", () => {
    assert.equal(nameOfCall(call()), "Front door");
    assert.equal(nameOfCall(call(own)), "Ben");
    assert.equal(nameOfCall(call({ ...own, state: "answered", participants: [you, ben, door] })), "Ben, Front door");
  });

  it("says how it stands", () => {
    assert.equal(explainCall(call()), "Rings");
    assert.equal(explainCall(call({ from: ben })), "Calls you");
    assert.equal(explainCall(call(own)), "Calling.");
    assert.equal(explainCall(call({ ...own, rung: [{ ...ben, state: "ringing" }] })), "It rings there.");
    assert.equal(explainCall(call({ state: "answered", participants: [door, you] })), "In a call");
    assert.equal(
      explainCall(call({ state: "answered", participants: [door, you, ben] })),
      "In a call with Front door, Ben",
    );
  });
});

describe("the notice of a change", () => {
  const notice = (change: CallChanged["change"], more: Partial<CallView>, shown = "c") =>
    noticeOf({ type: "call", change, call: call(more) }, shown);

  it("says who answered elsewhere, and what became of a ring", () => {
    const elsewhere = { state: "answered", answeredBy: ben, participants: [door, ben] } as const;
    assert.deepEqual(notice("answered", elsewhere), { name: "Front door", text: "Answered by Ben" });
    assert.deepEqual(notice("missed", { state: "ended", endReason: "missed" }), {
      name: "Front door",
      text: "Nobody answered",
    });
    const away = {
      ...own,
      state: "ended",
      endReason: "unreachable",
      rung: [{ ...ben, state: "unreachable" }],
    } as const;
    assert.deepEqual(notice("ended", away), { name: "Ben", text: "Ben is not here now" });
  });

  it("is silent about what one did oneself, what goes on, and what is not one's own", () => {
    assert.equal(notice("ended", { state: "ended", endReason: "declined", endedBy: you }), undefined);
    assert.equal(notice("ringing", {}), undefined);
    assert.equal(notice("missed", { state: "ended", endReason: "missed", rung: [] }), undefined);
    const theirs = { state: "ended", answeredBy: ben, endReason: "ended" } as const;
    assert.equal(notice("ended", theirs, ""), undefined, "others' call was told when it was answered");
    assert.deepEqual(notice("ended", theirs), { name: "Front door", text: "The call is over" });
  });
});
