import assert from "node:assert/strict";
import { test } from "node:test";
import { dayName, sayAudit } from "./audit-words.ts";

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
