import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type StationDevice, sayChoice } from "./station-words.ts";

const nowMs = 10_000_000;
const device = (
  phase: StationDevice["state"]["phase"],
  more: Partial<StationDevice["speaker"]> = {},
): StationDevice => ({
  id: "hall",
  name: "Hall",
  state: { phase, sinceMs: nowMs - 7_200_000 },
  speaker: { formats: [], echoCancelling: true, queued: 0, doNotDisturb: false, ...more },
});
const say = (kind: "device" | "area", ...devices: StationDevice[]) => sayChoice({ kind }, { devices, nowMs }).text;

describe("words on a station's screen", () => {
  it("say of one device whether it can hear", () => {
    assert.equal(say("device", device("live")), "here");
    assert.equal(say("device", device("idle")), "here");
    assert.equal(say("device", device("away")), "away for 2 h");
    assert.equal(say("device", device("live", { doNotDisturb: true })), "do not disturb");
    const holder = { turnId: "t", name: "Anna", priority: 0, sinceMs: 0 } as const;
    assert.equal(say("device", device("live", { holder })), "Anna is speaking");
  });

  it("say that a browser cannot play yet, or has no microphone", () => {
    const page = (plays: boolean, speaks: boolean) => ({ ...device("live"), station: { plays, speaks } });
    assert.equal(say("device", page(true, true)), "here");
    assert.equal(say("device", page(true, false)), "here, listens only");
    assert.equal(say("device", page(false, true)), "cannot play: touch its screen once");
    assert.equal(say("device", { ...page(false, true), ...device("away") }), "away for 2 h");
    assert.equal(say("device", device("live", { muted: true })), "muted");
  });

  it("count those that are there of several", () => {
    assert.equal(say("area", device("live"), device("live")), "all 2 are here");
    assert.equal(say("area", device("live"), device("trouble")), "1 of 2 are here");
  });
});
