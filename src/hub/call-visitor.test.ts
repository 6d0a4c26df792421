import assert from "node:assert/strict";
import { test } from "node:test";
import type { RecordedSpeech } from "../media/speech.ts";
import { ManualClock } from "../util/clock.ts";
import { silentLog } from "../util/log.ts";
import type { HubDevice, HubTurns } from "./api.ts";
import type { Ringer } from "./call-api.ts";
import { CallPlans } from "./call-plan.ts";
import { CallVisitor } from "./call-visitor.ts";
import { Calls } from "./calls.ts";
import { callsConfig } from "./calls-config.ts";
import { settingsOf } from "./device-settings.ts";

const soundMs = 1000;

/** A door whose speaker writes down what is played there, and how long it plays. */
function rig(options: { readonly bell?: object; readonly calls?: object } = {}) {
  const clock = new ManualClock();
  const settings = settingsOf({ name: "Front door", ...(options.bell && { bell: options.bell }) });
  const door = { id: "door", name: "Front door", settings, info: () => ({ kind: "door" }) } as unknown as HubDevice;
  const device = (id: string) => (id === "door" ? door : undefined);
  const plans = new CallPlans({
    device,
    house: () => ({ devices: [], groups: new Map() }),
    person: () => undefined,
    isQuiet: () => false,
    isBellQuiet: () => false,
    ringS: () => 45,
  });
  const calls = new Calls({ plans, clock, log: silentLog });
  const heard: string[] = [];
  const words = new Map<RecordedSpeech, string>();
  const turns: Pick<HubTurns, "take"> = {
    take: ({ source }) => {
      const what = words.get(source as RecordedSpeech) ?? "tone";
      heard.push(what);
      const done = Promise.withResolvers<void>();
      const timer = clock.timer(soundMs, done.resolve);
      const cancel = () => {
        timer[Symbol.dispose]();
        done.resolve();
      };
      return { done: done.promise, finish: () => {}, cancel, [Symbol.dispose]: cancel };
    },
  };
  const visitor = new CallVisitor({
    device,
    turns: turns as HubTurns,
    converter: {
      decodeFile: () => {
        throw new Error("not in this test");
      },
    },
    say: (text, { voice }) => {
      const speech: RecordedSpeech = {
        live: false,
        open: () => {
          throw new Error("not in this test");
        },
      };
      words.set(speech, `${voice}: ${text}`);
      return speech;
    },
    config: () => callsConfig.parse(options.calls ?? {}),
    clock,
    log: silentLog,
  });
  calls.onChange((event) => visitor.follow(event));
  const phone: Ringer = {
    party: "person:anna",
    name: "Anna",
    mayAnswer: () => true,
    ring: () => {},
    stop: () => {},
  };
  const press = () => {
    const { call } = calls.ring({ from: "door" });
    assert.ok(call);
    return call.id;
  };
  return { clock, calls, phone, press, take: () => heard.splice(0) };
}

const anna = { party: "person:anna", name: "Anna" } as const;

test("a ringing tone is heard once somebody's device rings, again and again until the answer", async () => {
  const { clock, calls, phone, press, take } = rig();
  calls.addRinger(phone);
  const id = press();
  await clock.advance(1000);
  assert.deepEqual(take(), []);
  calls.confirm(id, "person:anna");
  assert.deepEqual(take(), ["tone"]);
  await clock.advance(10_000);
  assert.deepEqual(take(), ["tone", "tone"]);
  calls.answer(id, anna);
  await clock.advance(20_000);
  assert.deepEqual(take(), []);
  calls.end(id, anna);
  await clock.advance(1000);
  assert.deepEqual(take(), []);
  assert.equal(clock.pending, 0);
});

test("nobody can be reached: it is said at once, and not again at the end", async () => {
  const { clock, press, take } = rig();
  press();
  assert.deepEqual(take(), ["en: Nobody can be reached at the moment."]);
  await clock.advance(60_000);
  assert.deepEqual(take(), []);
});

test("devices that say nothing are no devices; one that rings late is heard", async () => {
  const { clock, calls, phone, press, take } = rig({ calls: { language: "de" } });
  calls.addRinger(phone);
  const id = press();
  await clock.advance(5000);
  assert.deepEqual(take(), ["de: Zurzeit ist niemand erreichbar."]);
  calls.confirm(id, "person:anna");
  assert.deepEqual(take(), ["tone"]);
  await clock.advance(60_000);
  assert.equal(take().at(-1), "de: Zurzeit antwortet niemand.");
});

test("a quick reply is spoken at the door; a decline without one says so", () => {
  for (const [reply, said] of [
    ["I am coming.", "en: I am coming."],
    [undefined, "en: Nobody can come to the door now."],
  ]) {
    const { calls, phone, press, take } = rig();
    calls.addRinger(phone);
    calls.decline(press(), anna, { reply });
    assert.deepEqual(take(), [said]);
  }
});

test("a bell's own texts come before the house's; an empty one is silent", async () => {
  const { clock, calls, phone, press, take } = rig({
    bell: { texts: { missed: "", ringing: "One moment, please." } },
    calls: { texts: { missed: "We are out." }, voice: "en-gb" },
  });
  calls.addRinger(phone);
  calls.confirm(press(), "person:anna");
  assert.deepEqual(take(), ["en-gb: One moment, please."]);
  await clock.advance(60_000);
  assert.deepEqual(take(), []);
});

test("a house that tells visitors nothing is silent, but for what people say", () => {
  const { press, take } = rig({ calls: { tellVisitor: false } });
  press();
  assert.deepEqual(take(), []);
  const other = rig({ calls: { tellVisitor: false } });
  other.calls.addRinger(other.phone);
  other.calls.decline(other.press(), anna, { reply: "Not now, please." });
  assert.deepEqual(other.take(), ["en: Not now, please."]);
});
