import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import type { Device, Driver, Speaker } from "../device/driver.ts";
import type { AudioConversion, Converter } from "../media/convert.ts";
import { type AudioFormat, opusFormat, pcmFormat } from "../media/format.ts";
import type { Frame } from "../media/frame.ts";
import type { RecordedSpeech, Speech } from "../media/speech.ts";
import { type Clock, ManualClock } from "../util/clock.ts";
import { RecoverableError } from "../util/errors.ts";
import { silentLog } from "../util/log.ts";
import { AsyncQueue } from "../util/queue.ts";
import type { Talk, TalkRequest, TalkState } from "./api.ts";
import { LocalDevice } from "./device.ts";
import { driverSource } from "./driver-source.ts";
import { Route } from "./route.ts";

const pcm8k = pcmFormat(8000);

/** Converts by relabelling, `delayMs` later: what is tested here is who hears whom, not the sound. */
function relabelling(clock: Clock) {
  const made: AudioFormat[] = [];
  let delayMs = 0;
  let openMs = 0;
  const later = (run: () => void) => {
    if (delayMs > 0) clock.timer(delayMs, run);
    else run();
  };
  const converter = {
    convertAudio: (_input: AudioFormat, { output }: { readonly output: AudioFormat }) => {
      made.push(output);
      const frames = new AsyncQueue<Frame>({ max: 100 });
      const conversion: AudioConversion = {
        output,
        push: (frame) => later(() => frames.push(frame)),
        frames,
        end: () => later(() => frames.end()),
        [Symbol.asyncDispose]: async () => frames.cancel(),
      };
      return openMs > 0 ? clock.sleep(openMs).then(() => conversion) : Promise.resolve(conversion);
    },
  } as unknown as Converter;
  const slowDown = (ms: number) => {
    delayMs = ms;
  };
  const openSlowly = (ms: number) => {
    openMs = ms;
  };
  return { converter, made, slowDown, openSlowly };
}

function makeHouse(names: readonly string[], options: { readonly absent?: readonly string[] } = {}) {
  const clock = new ManualClock();
  const { converter, ...conversions } = relabelling(clock);
  const heard = new Map<string, { data: string; turn: number }[]>();
  const turns = new Map<string, number>();
  const faults = new Map<string, Error>();
  const devices = new Map<string, LocalDevice>();
  for (const name of names) {
    heard.set(name, []);
    const speaker: Speaker = {
      formats: [pcm8k],
      echoCancelling: false,
      talk: async (speech: Speech) => {
        const fault = faults.get(name);
        if (fault) throw fault;
        const turn = (turns.get(name) ?? 0) + 1;
        turns.set(name, turn);
        for await (const frame of speech.frames) {
          if (speech.signal.aborted) break;
          heard.get(name)?.push({ data: Buffer.from(frame.data).toString(), turn });
        }
      },
    };
    const driver: Driver = {
      kind: "scripted",
      summary: "",
      config: z.unknown(),
      claims: () => 0,
      run: (device: Device) =>
        new Promise((resolve) => {
          if (!options.absent?.includes(name)) device.offerSpeaker(speaker);
          device.ready();
          device.signal.addEventListener("abort", () => resolve());
        }),
    };
    const settings = { id: name, name, enabled: true, warm: false, volume: 1, doNotDisturb: false };
    devices.set(
      name,
      new LocalDevice({
        settings: { ...settings, permanent: true, preview: false },
        source: driverSource({ driver, config: {}, clock, log: silentLog }),
        clock,
        log: silentLog,
      }),
    );
  }
  const route = new Route({ device: (id) => devices.get(id), converter, clock, log: silentLog });
  const words = (name: string) => (heard.get(name) ?? []).map(({ data }) => data).join(" ");
  return { clock, route, devices, words, turns, faults, ...conversions };
}

function talker(name: string, options: Partial<TalkRequest> = {}) {
  const microphone = new AsyncQueue<Frame>({ max: 50 });
  const states: TalkState[] = [];
  const request: TalkRequest = {
    devices: ["front"],
    talker: { id: name, name },
    priority: 0,
    queue: false,
    source: { live: true, format: opusFormat, frames: microphone },
    onState: (state) => states.push(state),
    ...options,
  };
  const say = (text: string) => microphone.push({ data: Buffer.from(text), timestampUs: 0, key: true });
  return { request, say, states, last: () => states.at(-1) };
}

describe("route", () => {
  it("brings a talker's sound to the speaker and frees the floor when they finish", async () => {
    const { clock, route, words } = makeHouse(["front"]);
    const anna = talker("anna");
    const talk = route.take(anna.request);
    assert.equal(anna.last()?.state, "granted");
    assert.equal(route.holder("front").holder?.name, "anna");
    await clock.advance(10);
    anna.say("hello");
    await clock.advance(10);
    talk.finish();
    await talk.done;
    assert.equal(words("front"), "hello");
    assert.deepEqual(anna.last(), { state: "released", reason: "done" });
    assert.equal(route.holder("front").holder, undefined);
  });

  it("lets exactly one of ten contenders be heard and tells the others who it is", async () => {
    const { clock, route, words } = makeHouse(["front"]);
    const people = Array.from({ length: 10 }, (_, index) => talker(`p${index}`));
    const talks = people.map(({ request }) => route.take(request));
    await clock.advance(10);
    for (const person of people) person.say(person.request.talker.name);
    await clock.advance(10);
    assert.equal(words("front"), "p0");
    for (const person of people.slice(1)) {
      const state = person.last();
      assert.ok(state?.state === "refused" && state.reason === "held" && state.holder?.name === "p0");
    }
    for (const talk of talks) talk.cancel();
    await Promise.all(talks.map(({ done }) => done));
  });

  it("lets emergency take over at once and tells who was cut off", async () => {
    const { clock, route, words } = makeHouse(["front"]);
    const anna = talker("anna");
    const fire = talker("fire", { priority: 2 });
    route.take(anna.request);
    await clock.advance(10);
    anna.say("blah");
    await clock.advance(10);
    using talk = route.take(fire.request);
    const state = anna.last();
    assert.ok(state?.state === "pre-empted" && state.holder?.name === "fire");
    anna.say("more");
    fire.say("out!");
    await clock.advance(600);
    assert.equal(words("front"), "blah out!");
    talk.cancel();
    await talk.done;
  });

  it("frees the floor 500 ms after a talker vanished, and serves who waited", async () => {
    const { clock, route } = makeHouse(["front"]);
    const anna = talker("anna");
    const ben = talker("ben", { queue: true });
    route.take(anna.request);
    using _waiting = route.take(ben.request);
    assert.equal(ben.last()?.state, "queued");
    await clock.advance(10);
    anna.say("x");
    await clock.advance(499);
    assert.equal(ben.last()?.state, "queued");
    await clock.advance(2);
    assert.deepEqual(anna.last(), { state: "released", reason: "silent" });
    assert.equal(ben.last()?.state, "granted");
  });

  it("makes one conversion for all speakers of one format", async () => {
    const { clock, route, made, words } = makeHouse(["front", "yard"]);
    const anna = talker("anna", { devices: ["front", "yard"], channel: "group:outside" });
    const talk = route.take(anna.request);
    await clock.advance(10);
    anna.say("hello");
    await clock.advance(10);
    talk.finish();
    await talk.done;
    assert.equal(made.length, 1);
    assert.equal(words("front"), "hello");
    assert.equal(words("yard"), "hello");
  });

  it("plays a recording at the speaker's pace, to its end", async () => {
    const { clock, route, words } = makeHouse(["front", "yard"]);
    const opened: AudioFormat[] = [];
    const source: RecordedSpeech = {
      live: false,
      open: (output) => {
        opened.push(output);
        let disposed = false;
        async function* frames() {
          for (let index = 0; index < 400 && !disposed; index++)
            yield { data: Buffer.from(`${index}`), timestampUs: 0, key: true };
        }
        const dispose = async () => {
          disposed = true;
        };
        return Promise.resolve({ frames: frames(), [Symbol.asyncDispose]: dispose });
      },
    };
    const file = talker("file", { source, devices: ["front", "yard"] });
    const talk = route.take(file.request);
    await clock.advance(1000);
    await talk.done;
    assert.equal(words("front").split(" ").length, 400);
    assert.equal(words("yard"), words("front"));
    assert.deepEqual(opened, [pcm8k]);
    assert.deepEqual(file.last(), { state: "released", reason: "done" });
  });

  it("lets what is still in the conversion be heard after the talker let go", async () => {
    const { clock, route, words, slowDown } = makeHouse(["front"]);
    slowDown(100);
    const anna = talker("anna");
    const talk = route.take(anna.request);
    await clock.advance(10);
    anna.say("good");
    anna.say("night");
    await clock.advance(10);
    talk.finish();
    await clock.advance(200);
    await talk.done;
    assert.equal(words("front"), "good night");
  });

  it("does not blame the talker's microphone for a device that does not answer", async () => {
    const { clock, route } = makeHouse(["front"], { absent: ["front"] });
    const anna = talker("anna");
    const talk = route.take(anna.request);
    for (let ms = 0; ms < 3500; ms += 20) {
      anna.say("hello");
      await clock.advance(20);
    }
    await talk.done;
    const reason = "cannot speak through front: it did not answer within 2.5 s";
    assert.deepEqual(anna.states, [{ state: "granted" }, { state: "failed", reason }]);
    assert.equal(route.holder("front").holder, undefined);
  });

  it("says why a turn failed and frees the floor", async () => {
    const { clock, route, faults } = makeHouse(["front"]);
    faults.set("front", new RecoverableError("camera refused to open its speaker: 453 Not Enough Bandwidth"));
    const anna = talker("anna");
    const talk = route.take(anna.request);
    await clock.advance(10);
    anna.say("x");
    await clock.advance(10);
    await talk.done;
    assert.deepEqual(anna.last(), {
      state: "failed",
      reason: "camera refused to open its speaker: 453 Not Enough Bandwidth",
    });
    assert.equal(route.holder("front").holder, undefined);
  });

  it("tells of a camera that refuses at once, however long the conversion takes to open", async () => {
    const { clock, route, faults, openSlowly } = makeHouse(["front"]);
    openSlowly(500);
    faults.set("front", new RecoverableError("camera refused"));
    const anna = talker("anna");
    const talk = route.take(anna.request);
    await clock.advance(600);
    await talk.done;
    assert.deepEqual(anna.last(), { state: "failed", reason: "camera refused" });
  });

  it("tells of one camera of two that refuses while the other's sound is still being opened", async () => {
    const { clock, route, faults, words } = makeHouse(["front", "yard"]);
    faults.set("front", new RecoverableError("camera refused"));
    const source: RecordedSpeech = {
      live: false,
      open: async () => {
        await clock.sleep(100);
        async function* frames() {
          yield { data: Buffer.from("hello"), timestampUs: 0, key: true };
        }
        return { frames: frames(), [Symbol.asyncDispose]: async () => {} };
      },
    };
    const talk = route.take(talker("file", { devices: ["front", "yard"], source }).request);
    await clock.advance(200);
    await talk.done;
    assert.equal(words("yard"), "hello");
  });

  it("always frees the floor, whatever those who are told of it throw", async () => {
    const anyStep = fc.oneof(
      fc.record({ do: fc.constantFrom("take" as const, "urgent" as const), throws: fc.boolean() }),
      fc.record({ do: fc.constantFrom("finish" as const, "cancel" as const, "say" as const), who: fc.nat(20) }),
      fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 700 }) }),
      fc.record({ do: fc.constantFrom("fault" as const, "quiet" as const), on: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 25 }), async (plan) => {
        const { clock, route, faults } = makeHouse(["front"]);
        using _watch = route.onChange(() => {
          throw new Error("a closed socket");
        });
        const people: (ReturnType<typeof talker> & { readonly talk: Talk })[] = [];
        for (const step of plan) {
          if (step.do === "take" || step.do === "urgent") {
            const onState = () => {
              if (step.throws) throw new Error("the disk is full");
            };
            const person = talker(`p${people.length}`, { onState, queue: true, priority: step.do === "take" ? 0 : 2 });
            people.push({ ...person, talk: route.take(person.request) });
          } else if (step.do === "wait") await clock.advance(step.ms);
          else if (step.do === "fault") {
            if (step.on) faults.set("front", new RecoverableError("refused"));
            else faults.delete("front");
          } else if (step.do === "quiet") route.setDoNotDisturb("front", step.on);
          else if (step.do === "say") people[step.who % people.length]?.say("x");
          else if (step.do === "finish" || step.do === "cancel") people[step.who % people.length]?.talk[step.do]();
        }
        for (let n = 0; n <= people.length; n++) await clock.advance(4000);
        assert.equal(route.holder("front").holder, undefined);
        assert.equal(route.holder("front").queued, 0);
        await Promise.all(people.map(({ talk }) => talk.done));
      }),
      { numRuns: 60 },
    );
  });

  it("refuses a device that does not exist and one that must not be disturbed", () => {
    const { route } = makeHouse(["front"]);
    const lost = talker("anna", { devices: ["nowhere"] });
    route.take(lost.request);
    assert.deepEqual(lost.last(), { state: "refused", reason: "offline" });
    route.setDoNotDisturb("front", true);
    const anna = talker("anna");
    route.take(anna.request);
    assert.ok(anna.last()?.state === "refused");
    const fire = talker("fire", { priority: 2 });
    using _talk = route.take(fire.request);
    assert.equal(fire.last()?.state, "granted");
  });
});
