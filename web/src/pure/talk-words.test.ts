import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceInfo } from "../../../src/hub/state.ts";
import { microphoneHelp, sayTalk, type TalkPhase } from "./talk-words.ts";

const options = { userAgent: "Mozilla/5.0 Chrome/140 Safari/537.36", keys: true };
const speaker = { formats: [], echoCancelling: false, queued: 0, doNotDisturb: false } satisfies DeviceInfo["speaker"];
const door = { name: "Front door", state: { phase: "live", sinceMs: 0 }, speaker } satisfies Pick<
  DeviceInfo,
  "name" | "state" | "speaker"
>;
const anna = { name: "Anna", sinceMs: 0, talkerId: "a", priority: 0 } as const;

test("at rest the bar says what to do", () => {
  assert.deepEqual(sayTalk({ phase: "ready" }, door, options), {
    tone: "quiet",
    text: "Hold to talk",
    detail: "Front door – or hold the space bar",
  });
  assert.equal(sayTalk({ phase: "ready" }, { ...door, speaker: undefined }, options).text, "No speaker");
  assert.equal(
    sayTalk({ phase: "ready" }, { ...door, speaker: { ...speaker, doNotDisturb: true } }, options).text,
    "Do not disturb",
  );
});

test("who holds the speaker is told before and after the press", () => {
  const held = { ...door, speaker: { ...speaker, holder: anna } };
  const phases: TalkPhase[] = [
    { phase: "ready" },
    { phase: "queued", holder: anna, position: 1 },
    { phase: "refused", reason: "held", holder: anna },
  ];
  for (const phase of phases) {
    const said = sayTalk(phase, held, options);
    assert.equal(said.text, "Anna is speaking");
    assert.equal(said.tone, "held");
    assert.notEqual(said.detail, "");
  }
});

test("every refusal says why in a sentence", () => {
  for (const reason of ["held", "do-not-disturb", "forbidden", "no-speaker", "offline", "camera said 551"]) {
    assert.match(sayTalk({ phase: "refused", reason }, door, options).detail, /^[A-Z].*\.$/, reason);
  }
});

test("a blocked microphone is explained for the browser at hand", () => {
  const agents = [
    "Firefox/140",
    "iPhone Safari/600",
    "Macintosh Version/18 Safari/600",
    "Android Chrome/140 Safari/537",
    "Chrome/140 Safari/537",
  ];
  assert.equal(new Set(agents.map((agent) => microphoneHelp("blocked", agent))).size, agents.length);
});
