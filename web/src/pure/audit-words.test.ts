import assert from "node:assert/strict";
import { test } from "node:test";
import { dayName, sayAudit, sayDetail } from "./audit-words.ts";

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
});
