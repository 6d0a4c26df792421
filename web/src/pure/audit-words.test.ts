import assert from "node:assert/strict";
import { test } from "node:test";
import { dayName, isOfKind, sayAudit, sayDetail, sayNames, togetherInHistory } from "./audit-words.ts";

test("an audit line reads as a sentence, known or not", () => {
  assert.equal(sayAudit({ actor: "Anna", action: "talk", subject: "Front door" }), "Anna spoke through Front door");
  assert.equal(sayAudit({ actor: "Anna", action: "device-added", subject: "Yard" }), "Anna added Yard");
  assert.equal(sayAudit({ actor: "", action: "certificate-renewed" }), "The hub certificate renewed");
});

test("days have names as long as they are near", () => {
  const now = new Date(2026, 10, 21, 0, 30).getTime();
  assert.equal(dayName(now - 20 * 60_000, now), "Today");
  assert.equal(dayName(now - 3_600_000, now), "Yesterday");
  assert.match(dayName(now - 5 * 86_400_000, now, "en-GB"), /Monday.*16 November 2026/);
});

test("an address by itself says where from", () => {
  assert.equal(sayDetail("::1"), "from the hub's own machine");
  assert.equal(sayDetail("::ffff:192.168.1.7"), "from 192.168.1.7");
  assert.equal(sayDetail("fd00::12"), "from fd00::12");
  assert.equal(sayDetail("text"), "text");
  const name = (id: string) => (id === "gate" ? "Gate" : undefined);
  assert.equal(
    sayDetail("grants: *=view,listen area:Ground floor=talk device:gate=unlock", name),
    "see, hear everywhere; talk in Ground floor; unlock at Gate",
  );
  assert.equal(sayDetail("administrator"), "everything, as administrator");
  assert.equal(sayDetail("area: x=y and more"), "area: x=y and more");
});

test("an evening at the wall is one line; what else was done keeps its own", () => {
  const entry = (atMs: number, action: string, subject: string, actor = "Anna") => ({ atMs, action, subject, actor });
  const lines = togetherInHistory([
    entry(9000, "view", "yard"),
    entry(8900, "view", "garden"),
    entry(8800, "talk", "garden"),
    entry(8700, "talk", "garden"),
    entry(8600, "view", "yard"),
    entry(8500, "view", "hall", "Ben"),
    entry(8600 - 11 * 60_000, "view", "yard"),
  ]);
  assert.deepEqual(
    lines.map(({ entry: { actor, action }, subjects }) => `${actor} ${action} ${subjects}`),
    ["Anna view yard,garden", "Anna talk garden", "Anna talk garden", "Ben view hall", "Anna view yard"],
  );
  assert.equal(sayNames(["Garden", "Yard", "Hall", "Porch"]), "Garden, Yard and 2 more");
  assert.equal(sayNames(["Garden", "Yard"]), "Garden and Yard");
});

test("the history can be narrowed to who watched, who spoke and what was changed", () => {
  const kinds = ["view", "listen", "talk", "call-answered", "unlock", "login", "device-changed"].map((action) =>
    (["watching", "talk", "changes"] as const).find((kind) => isOfKind(action, kind)),
  );
  assert.deepEqual(kinds, ["watching", "watching", "talk", "talk", "talk", "changes", "changes"]);
});
