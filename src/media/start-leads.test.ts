import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StartLeads, type TalkedEvenly } from "./start-leads.ts";

const talk = (over: Partial<TalkedEvenly> = {}): TalkedEvenly => ({
  voice: "anna",
  unevenMs: 5,
  sentMs: 1500,
  roundTripMs: 3,
  ...over,
});

function leadsAfter(...talks: readonly TalkedEvenly[]): StartLeads {
  const leads = new StartLeads({ usualMs: 100, leastMs: 60 });
  for (const one of talks) leads.learn(one);
  return leads;
}

describe("the lead with which a talk begins", () => {
  it("is the usual one until some seconds were said and the device has answered some times", () => {
    assert.equal(leadsAfter().leadOf("anna"), 100);
    assert.equal(leadsAfter(talk(), talk()).leadOf("anna"), 100);
    assert.equal(leadsAfter(...Array(8).fill(talk({ sentMs: 300 }))).leadOf("anna"), 100);
    assert.equal(leadsAfter(talk(), talk(), talk()).leadOf("anna"), 60);
  });

  it("is what was needed at worst, and something for what has not been seen yet", () => {
    assert.equal(leadsAfter(talk(), talk({ unevenMs: 35 }), talk()).leadOf("anna"), 65);
    assert.equal(leadsAfter(talk(), talk({ unevenMs: 400 }), talk()).leadOf("anna"), 100);
  });

  it("counts how unevenly the device answers, for what is on its way to it is not seen", () => {
    assert.equal(leadsAfter(talk(), talk({ roundTripMs: 43 }), talk()).leadOf("anna"), 75);
    const slow = talk({ roundTripMs: 80 });
    assert.equal(leadsAfter(slow, slow, slow).leadOf("anna"), 60, "a long way is no uneven one");
  });

  it("goes up at once, and down again when the trouble is eight talks ago", () => {
    const calm = Array(7).fill(talk());
    assert.equal(leadsAfter(...calm, talk({ unevenMs: 80 })).leadOf("anna"), 100);
    assert.equal(leadsAfter(talk({ unevenMs: 80 }), ...calm).leadOf("anna"), 100);
    assert.equal(leadsAfter(talk({ unevenMs: 80 }), ...calm, talk()).leadOf("anna"), 60);
  });

  it("is each microphone's own, and the usual one for whoever has none", () => {
    const leads = leadsAfter(talk(), talk(), talk(), talk({ voice: "bert", unevenMs: 80 }));
    assert.deepEqual(
      ["anna", "bert", "cleo", undefined].map((voice) => leads.leadOf(voice)),
      [60, 100, 100, 100],
    );
  });

  it("forgets microphones that have not spoken for long", () => {
    const leads = leadsAfter(talk(), talk(), talk());
    for (let n = 0; n < 16; n++) leads.learn(talk({ voice: `${n}` }));
    assert.equal(leads.leadOf("anna"), 100);
  });
});
