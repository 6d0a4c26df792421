import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceInfo } from "../../../src/hub/state.ts";
import { microphoneHelp, sayHearing, sayTalk, type TalkDevice, type TalkPhase } from "./talk-words.ts";

const options = { userAgent: "Mozilla/5.0 Chrome/140 Safari/537.36", keys: true };
const speaker = { formats: [], echoCancelling: false, queued: 0, doNotDisturb: false } satisfies DeviceInfo["speaker"];
const door: TalkDevice = { id: "front", name: "Front door", state: { phase: "live", sinceMs: 0 }, speaker };
const only = (device: TalkDevice) => ({ name: device.name, devices: [device] });
const anna = { name: "Anna", sinceMs: 0, turnId: "a", priority: 0 } as const;

test("at rest the bar says what to do", () => {
  assert.deepEqual(sayTalk({ phase: "ready" }, only(door), options), {
    tone: "quiet",
    text: "Hold to talk",
    detail: "Front door – or hold the space bar",
  });
  assert.equal(sayTalk({ phase: "ready" }, only({ ...door, speaker: undefined }), options).text, "No speaker");
  assert.equal(
    sayTalk({ phase: "ready" }, only({ ...door, speaker: { ...speaker, doNotDisturb: true } }), options).text,
    "Do not disturb",
  );
});

test("a camera that cannot be spoken through says so by its name, and so does one that is not theirs to speak through", () => {
  const garden = { ...door, name: "Garden", speaker: undefined };
  assert.equal(sayTalk({ phase: "ready" }, only(garden), options).detail, "Garden has no speaker.");
  const foreign = { ...door, rights: ["view", "listen"] as const };
  assert.match(sayTalk({ phase: "ready" }, only(foreign), options).detail, /may not talk through Front door/);
});

test("who holds the speaker is told before and after the press", () => {
  const held = { ...door, speaker: { ...speaker, holder: anna } };
  const phases: TalkPhase[] = [
    { phase: "ready" },
    { phase: "queued", holder: anna, position: 1 },
    { phase: "refused", reason: "held", holder: anna },
  ];
  for (const phase of phases) {
    const said = sayTalk(phase, only(held), options);
    assert.equal(said.text, "Anna is speaking");
    assert.equal(said.tone, "held");
    assert.notEqual(said.detail, "");
  }
});

test("a tap is told to hold, and whoever speaks on another page that it is they themselves", () => {
  const tapped = sayTalk({ phase: "ready" }, only(door), { ...options, tapped: true });
  assert.match(tapped.detail, /Keep it pressed/);
  const held = only({ ...door, speaker: { ...speaker, holder: anna } });
  assert.equal(sayTalk({ phase: "ready" }, held, { ...options, own: "Anna" }).text, "You are speaking");
  assert.equal(sayTalk({ phase: "ready" }, held, { ...options, own: "Ben" }).text, "Anna is speaking");
});

test("every refusal says why in a sentence", () => {
  for (const reason of ["held", "do-not-disturb", "forbidden", "no-speaker", "offline", "nobody", "camera said 551"]) {
    assert.match(sayTalk({ phase: "refused", reason }, only(door), options).detail, /^[A-Z].*\.$/, reason);
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

test("who hears the talker is told in words, with who does not", () => {
  const yard: TalkDevice = { ...door, id: "yard", name: "Yard" };
  const all = { name: "All Rooms", devices: [door, yard] };
  const front = { deviceId: "front", state: "playing" } as const;
  assert.equal(sayHearing([front], only(door)), "Front door hears you");
  assert.equal(sayHearing([{ deviceId: "front", state: "connecting" }], only(door)), "Connecting to Front door");
  assert.equal(sayHearing([front, { deviceId: "yard", state: "playing" }], all), "All 2 hear you");
  assert.equal(sayHearing([front, { deviceId: "yard", state: "connecting" }], all), "Heard by 1 of 2, connecting");
  const offline = { deviceId: "yard", state: "failed", code: "offline" } as const;
  assert.equal(sayHearing([front, offline], all), "Heard by 1 of 2: Yard is offline");
  assert.equal(
    sayHearing([front, { deviceId: "yard", state: "failed", code: "untouched" }], all),
    "Heard by 1 of 2: Yard cannot play yet: its screen has to be touched once",
  );
  const quiet = { deviceId: "den", state: "quiet", code: "do-not-disturb" } as const;
  assert.equal(sayHearing([front, offline, quiet], all), "Heard by 1 of 3: Yard is offline (and 1 more)");
});

test("several devices are counted at rest", () => {
  const two = [door, { ...door, id: "yard", name: "Yard" }];
  assert.equal(
    sayTalk({ phase: "ready" }, { name: "All Rooms", devices: two }, options).detail,
    "All Rooms, 2 devices – or hold the space bar",
  );
  assert.equal(
    sayTalk({ phase: "ready" }, { name: "2 devices", devices: two }, options).detail,
    "2 devices – or hold the space bar",
  );
});
