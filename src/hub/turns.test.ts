import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { makeHouse, pcm8k, recording, type talkerOf } from "../../test/scripted-house.ts";
import type { AudioFormat } from "../media/format.ts";
import type { RecordedSpeech } from "../media/speech.ts";
import { RecoverableError } from "../util/errors.ts";
import type { Turn } from "./api.ts";

describe("turns", () => {
  it("brings a talker's sound to the speaker and frees the floor when they finish", async () => {
    const { clock, route, words, talker } = makeHouse(["front"]);
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
    assert.deepEqual(anna.last(), { state: "released", reason: "done", lost: { network: 0, speaker: 0 } });
    assert.equal(route.holder("front").holder, undefined);
  });

  it("lets exactly one of ten contenders be heard and tells the others who it is", async () => {
    const { clock, route, words, talker } = makeHouse(["front"]);
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
    const { clock, route, words, talker } = makeHouse(["front"]);
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
    const { clock, route, talker } = makeHouse(["front"]);
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
    assert.deepEqual(anna.last(), { state: "released", reason: "silent", lost: { network: 0, speaker: 0 } });
    assert.equal(ben.last()?.state, "granted");
  });

  it("ends a talk that lasts too long, told ten seconds before; a conversation goes on", async () => {
    const { clock, route, talker, words } = makeHouse(["front", "yard"], { longestTalkMs: 15_000 });
    const anna = talker("anna");
    const call = talker("call", { to: ["device:yard"], unlimited: true });
    const talk = route.take(anna.request);
    using _call = route.take(call.request);
    for (let second = 0; second < 20; second++) {
      for (let n = 0; n < 5; n++) {
        for (const person of [anna, call]) if (person.voice.track.open) person.say(`${second}`);
        await clock.advance(200);
      }
    }
    await talk.done;
    assert.deepEqual(anna.states.slice(1), [
      { state: "ending", seconds: 10 },
      { state: "released", reason: "too-long", lost: { network: 0, speaker: 0 } },
    ]);
    assert.match(words("front"), /14$/);
    assert.deepEqual(
      call.states.map(({ state }) => state),
      ["granted"],
    );
    assert.match(words("yard"), /19$/);
  });

  it("answers first: when a talker is told, no device was told yet", () => {
    const { route, talker } = makeHouse(["front"]);
    const order: string[] = [];
    using _watch = route.onChange((id) => order.push(id));
    using _talk = route.take(talker("anna", { onState: ({ state }) => order.push(state) }).request);
    assert.deepEqual(order, ["granted", "front"]);
  });

  it("makes one conversion for all speakers of one format", async () => {
    const { clock, route, made, words, talker } = makeHouse(["front", "yard"]);
    const anna = talker("anna", { to: ["group:outside"] });
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
    const { clock, route, words, talker } = makeHouse(["front", "yard"]);
    const opened: AudioFormat[] = [];
    const source = recording(400, opened);
    const file = talker("file", { source, to: ["device:front", "device:yard"] });
    const talk = route.take(file.request);
    await clock.advance(1000);
    await talk.done;
    assert.equal(words("front").split(" ").length, 400);
    assert.equal(words("yard"), words("front"));
    assert.deepEqual(opened, [pcm8k]);
    assert.deepEqual(file.last(), { state: "released", reason: "done", lost: { network: 0, speaker: 0 } });
  });

  it("tells a device whose microphone it is, which a recording has not", async () => {
    const { clock, route, microphones, talker } = makeHouse(["front"]);
    const anna = talker("anna");
    const file = talker("file", { source: recording(1, []) });
    for (const { request } of [anna, file, anna]) {
      const talk = route.take(request);
      await clock.advance(10);
      anna.say("x");
      await clock.advance(100);
      talk.finish();
      await clock.advance(100);
      await talk.done;
    }
    assert.deepEqual(microphones.get("front"), [anna.voice.track.id, undefined, anna.voice.track.id]);
  });

  it("lets what is still in the conversion be heard after the talker let go", async () => {
    const { clock, route, words, slowDown, talker } = makeHouse(["front"]);
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
    const { clock, route, talker } = makeHouse(["front"], { absent: ["front"] });
    const anna = talker("anna");
    const talk = route.take(anna.request);
    for (let ms = 0; ms < 3500; ms += 20) {
      anna.say("hello");
      await clock.advance(20);
    }
    await talk.done;
    const reason = "cannot speak through front: it did not answer within 2.5 s";
    assert.deepEqual(
      anna.states.map((state) => [state.state, "reason" in state ? state.reason : ""]),
      [
        ["granted", ""],
        ["failed", reason],
      ],
    );
    assert.equal(route.holder("front").holder, undefined);
  });

  it("says why a turn failed and frees the floor", async () => {
    const { clock, route, faults, talker } = makeHouse(["front"]);
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
    const { clock, route, faults, openSlowly, talker } = makeHouse(["front"]);
    openSlowly(500);
    faults.set("front", new RecoverableError("camera refused"));
    const anna = talker("anna");
    const talk = route.take(anna.request);
    await clock.advance(600);
    await talk.done;
    assert.deepEqual(anna.last(), { state: "failed", reason: "camera refused" });
  });

  it("tells of one camera of two that refuses while the other's sound is still being opened", async () => {
    const { clock, route, faults, words, talker } = makeHouse(["front", "yard"]);
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
    const talk = route.take(talker("file", { to: ["device:front", "device:yard"], source }).request);
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
        const { clock, route, faults, talker } = makeHouse(["front"]);
        using _watch = route.onChange(() => {
          throw new Error("a closed socket");
        });
        const people: (ReturnType<ReturnType<typeof talkerOf>> & { readonly talk: Turn })[] = [];
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
    const { route, talker } = makeHouse(["front"]);
    const lost = talker("anna", { to: ["device:nowhere"] });
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

  describe("at a speaker that is muted", () => {
    const set = (house: ReturnType<typeof makeHouse>, name: string, change: { muted?: boolean; volume?: number }) => {
      const device = house.devices.get(name);
      assert.ok(device);
      device.configure({ ...device.settings, ...change });
      house.route.follow(device);
    };

    it("plays nothing, holds its place all the same, and tells the talker", async () => {
      const house = makeHouse(["front", "yard"]);
      const { clock, route, talker, words } = house;
      set(house, "yard", { muted: true });
      const anna = talker("anna", { to: ["device:front", "device:yard"], priority: 1 });
      using _turn = route.take(anna.request);
      await clock.advance(10);
      anna.say("hello");
      await clock.advance(10);
      assert.deepEqual(anna.heardBy(), { front: "playing", yard: "muted" });
      assert.deepEqual([words("front"), words("yard")], ["hello", ""]);
      assert.equal(route.holder("yard").holder?.name, "anna");
      const ben = talker("ben", { to: ["device:yard"] });
      route.take(ben.request);
      assert.equal(ben.last()?.state, "refused");
    });

    it("is so for the whole house, and as loud as the house is, but for emergencies", async () => {
      const house = makeHouse(["front", "yard"], { wide: ["yard"] });
      const { clock, route, talker, words, devices, gains } = house;
      const inHouse = (loudness: { volume?: number; muted?: boolean; doNotDisturb?: boolean }) =>
        route.setHouse({ volume: 1, muted: false, doNotDisturb: false, ...loudness }, [...devices.values()]);
      set(house, "yard", { volume: 0.5 });
      inHouse({ volume: 0.5 });
      const anna = talker("anna", { to: ["device:front", "device:yard"] });
      const talk = route.take(anna.request);
      await clock.advance(10);
      anna.say("softly");
      await clock.advance(10);
      assert.deepEqual(gains, [0.5, 0.25]);
      inHouse({ muted: true });
      await clock.advance(10);
      anna.say("unheard");
      await clock.advance(10);
      assert.deepEqual(anna.heardBy(), { front: "muted", yard: "muted" });
      talk.cancel();
      await talk.done;
      inHouse({ doNotDisturb: true });
      route.take(anna.request);
      assert.deepEqual(anna.last()?.state, "refused");
      const fire = talker("fire", { to: ["device:front", "device:yard"], priority: 2 });
      using _fire = route.take(fire.request);
      await clock.advance(10);
      fire.say("out!");
      await clock.advance(10);
      assert.deepEqual([words("front"), words("yard")], ["softly out!", "softly out!"]);
      assert.deepEqual(gains.slice(2), [1, 1]);
      inHouse({});
      route.take(anna.request);
      assert.deepEqual(anna.last()?.state, "refused", "who speaks there now");
    });

    it("begins and stops in the middle of a talk", async () => {
      const house = makeHouse(["front"]);
      const { clock, route, talker, words } = house;
      const anna = talker("anna");
      using _turn = route.take(anna.request);
      const say = async (word: string) => {
        await clock.advance(10);
        anna.say(word);
        await clock.advance(10);
      };
      await say("one");
      set(house, "front", { muted: true });
      await say("two");
      assert.deepEqual(anna.heardBy(), { front: "muted" });
      set(house, "front", { muted: false });
      await say("three");
      assert.deepEqual(anna.heardBy(), { front: "playing" });
      assert.equal(words("front"), "one three");
      set(house, "front", { volume: 0 });
      await say("four");
      assert.deepEqual(anna.heardBy(), { front: "muted" });
      assert.equal(words("front"), "one three");
    });

    it("holds nobody up with a recording that nobody hears", async () => {
      const house = makeHouse(["front"]);
      const { clock, route, talker, words } = house;
      set(house, "front", { muted: true });
      const file = talker("file", { source: recording(400) });
      const turn = route.take(file.request);
      await clock.advance(10);
      await turn.done;
      assert.equal(words("front"), "");
      assert.deepEqual(file.heardBy(), { front: "muted" });
      assert.equal(file.last()?.state, "released");
    });

    it("is loud for an emergency, and muted as before afterwards", async () => {
      const house = makeHouse(["front"]);
      const { clock, route, talker, words, devices } = house;
      set(house, "front", { muted: true, volume: 0.2 });
      const fire = talker("fire", { priority: 2 });
      const turn = route.take(fire.request);
      await clock.advance(10);
      fire.say("out!");
      await clock.advance(10);
      turn.finish();
      await turn.done;
      assert.equal(words("front"), "out!");
      assert.deepEqual(house.gains, [1]);
      const { muted, volume } = devices.get("front")?.settings ?? {};
      assert.deepEqual([muted, volume], [true, 0.2]);
    });

    it("shows that it is raised while an emergency is played, and only then", async () => {
      const house = makeHouse(["front", "yard"]);
      const { clock, route, talker, devices } = house;
      set(house, "front", { muted: true });
      const raised = () => ["front", "yard"].map((name) => devices.get(name)?.info().speaker?.raised ?? false);
      const fire = talker("fire", { priority: 2, to: ["device:front", "device:yard"] });
      const turn = route.take(fire.request);
      await clock.advance(10);
      fire.say("out!");
      await clock.advance(10);
      assert.deepEqual(raised(), [true, false]);
      turn.cancel();
      await turn.done;
      assert.deepEqual(raised(), [false, false]);
    });
  });

  it("is heard at once where it can be, whatever the others do, and tells who hears and who does not", async () => {
    const { clock, route, talker, words } = makeHouse(["front", "yard", "attic"], { absent: ["attic"] });
    route.setDoNotDisturb("yard", true);
    const anna = talker("anna", { to: ["area:house"] });
    using _turn = route.take(anna.request);
    await clock.advance(10);
    anna.say("hello");
    await clock.advance(10);
    assert.equal(words("front"), "hello");
    assert.deepEqual(anna.heardBy(), { yard: "do not disturb", front: "playing", attic: "connecting" });
    for (let n = 0; n < 10; n++) {
      anna.say("on");
      await clock.advance(300);
    }
    assert.equal(anna.last()?.state, "granted", "one that is dead is no reason to stop");
    const told = anna.heardBy()["attic"];
    assert.equal(told, "cannot speak through attic: it did not answer within 2.5 s");
    route.setDoNotDisturb("yard", false);
    await clock.advance(10);
    assert.equal(anna.heardBy()["yard"], "playing");
    anna.say("end");
    await clock.advance(10);
    assert.equal(words("yard"), "end");
  });

  it("takes in a device that becomes ready in the middle of a turn", async () => {
    const { clock, route, talker, words, offer } = makeHouse(["front", "yard"], { absent: ["yard"] });
    const anna = talker("anna", { to: ["device:front", "device:yard"] });
    const turn = route.take(anna.request);
    for (let n = 0; n < 10; n++) {
      anna.say(`${n}`);
      await clock.advance(400);
    }
    offer("yard");
    await clock.advance(10);
    anna.say("late");
    await clock.advance(10);
    assert.equal(anna.heardBy()["yard"], "playing");
    turn.finish();
    await turn.done;
    assert.match(words("yard"), /late$/);
  });

  it("lets each of eight speakers begin when it has played what was said before, all at the same time", async () => {
    const names = [..."abcdefgh"];
    const { clock, route, talker, lingering, begun } = makeHouse(names);
    for (const name of names) lingering.add(name);
    const before = names.map((name) => route.take(talker(name, { to: [`device:${name}`] }).request));
    await clock.advance(10);
    for (const turn of before) turn.finish();
    await clock.advance(1);
    const fromMs = clock.nowUs() / 1000;
    const page = talker("page", { to: ["all"], priority: 1 });
    using _turn = route.take(page.request);
    for (let n = 0; n < 10; n++) {
      page.say("x");
      await clock.advance(100);
    }
    const waited = names.map((name) => (begun.get(name)?.[1] ?? Number.NaN) - fromMs);
    assert.ok(
      waited.every((ms) => ms <= 510),
      waited.join(" "),
    );
  });

  it("waits for what still plays at a speaker, also when somebody in between asked for it and went away", async () => {
    const { clock, route, talker, lingering, begun } = makeHouse(["front"]);
    lingering.add("front");
    const first = route.take(talker("anna").request);
    await clock.advance(10);
    first.finish();
    await clock.advance(100);
    const between = route.take(talker("ben").request);
    await clock.advance(10);
    between.cancel();
    await clock.advance(10);
    const last = talker("chris");
    using _last = route.take(last.request);
    await clock.advance(300);
    assert.equal(begun.get("front")?.length, 1, "the speaker still plays the first one's last words");
    for (let n = 0; n < 4; n++) {
      last.say("x");
      await clock.advance(100);
    }
    assert.equal(begun.get("front")?.length, 2);
  });

  it("loses only the speaker that an emergency takes, and speaks there again afterwards", async () => {
    const { clock, route, talker, words } = makeHouse(["front", "yard"]);
    const anna = talker("anna", { to: ["group:outside"] });
    using _anna = route.take(anna.request);
    await clock.advance(10);
    const fire = talker("fire", { to: ["device:yard"], priority: 2 });
    const alarm = route.take(fire.request);
    await clock.advance(10);
    anna.say("calm");
    fire.say("out!");
    await clock.advance(10);
    assert.equal(words("front"), "calm");
    assert.equal(words("yard"), "out!");
    assert.deepEqual(anna.heardBy(), { front: "playing", yard: "fire speaks there" });
    alarm.finish();
    await clock.advance(10);
    anna.say("again");
    await clock.advance(10);
    assert.equal(words("yard"), "out! again");
  });

  it("holds the floor of those who hear the talker by themselves, and sends them nothing", async () => {
    const { clock, route, talker, words } = makeHouse(["hall", "kitchen", "yard"]);
    const hears = (id: string) => id !== "yard";
    const anna = talker("anna", { to: ["all"], hears });
    using turn = route.take(anna.request);
    await clock.advance(10);
    anna.say("supper");
    await clock.advance(10);
    assert.deepEqual(["hall", "kitchen", "yard"].map(words), ["", "", "supper"]);
    assert.deepEqual(anna.heardBy(), { hall: "playing", kitchen: "playing", yard: "playing" });
    const ben = talker("ben", { to: ["device:hall"] });
    route.take(ben.request);
    assert.equal(ben.last()?.state, "refused");
    turn.finish();
    await clock.advance(10);
    const chris = talker("chris", { to: ["device:hall"] });
    using _chris = route.take(chris.request);
    await clock.advance(10);
    chris.say("thanks");
    await clock.advance(10);
    assert.equal(words("hall"), "thanks");
  });

  it("goes on without a device that is removed, and ends with the last one", async () => {
    const { clock, route, talker, devices } = makeHouse(["front", "yard"]);
    const anna = talker("anna", { to: ["device:front", "device:yard"] });
    using _turn = route.take(anna.request);
    await clock.advance(10);
    devices.delete("yard");
    route.reconsider();
    await clock.advance(10);
    assert.deepEqual(anna.heardBy(), { front: "playing", yard: "it was removed" });
    assert.equal(route.holder("yard").holder, undefined);
    devices.delete("front");
    route.reconsider();
    assert.deepEqual(anna.last(), { state: "failed", reason: "nobody is left to hear it" });
  });

  it("means of an area those that can be spoken through and that the talker may", async () => {
    const { clock, route, talker } = makeHouse(["front", "yard", "safe", "xtra"]);
    const anna = talker("anna", { to: ["area:house"], may: (id) => id !== "safe" });
    using _turn = route.take(anna.request);
    await clock.advance(10);
    assert.deepEqual(Object.keys(anna.heardBy()), ["front", "yard"]);
    const nobody = talker("ben", { to: ["area:attic"] });
    route.take(nobody.request);
    assert.deepEqual(nobody.last(), { state: "refused", reason: "nobody" });
  });

  it("keeps a recording going for the others when one speaker stops reading", async () => {
    const { clock, route, talker, words, hung } = makeHouse(["front", "yard"]);
    hung.add("yard");
    const file = talker("file", { to: ["device:front", "device:yard"], source: recording(400) });
    const turn = route.take(file.request);
    for (let n = 0; n < 30; n++) await clock.advance(100);
    assert.equal(words("front").split(" ").length, 400);
    turn.cancel();
    await turn.done;
  });

  it("plays a recording at once where it can, and from its beginning where a device comes late", async () => {
    const { clock, route, talker, words, offer } = makeHouse(["front", "yard"], { absent: ["yard"], wide: ["yard"] });
    const file = talker("file", { to: ["device:front", "device:yard"], source: recording(5) });
    const turn = route.take(file.request);
    await clock.advance(400);
    assert.equal(words("front"), "0 1 2 3 4");
    offer("yard");
    await clock.advance(10);
    await turn.done;
    assert.equal(words("yard"), "0 1 2 3 4");
  });

  it("leaves a speaker free when it has heard all of a recording, although others still wait for it", async () => {
    const { clock, route, words, talker, devices } = makeHouse(["front", "yard", "gate"], { absent: ["yard"] });
    const file = talker("file", { to: ["device:front", "device:yard", "device:gate"], source: recording(5) });
    using talk = route.take(file.request);
    await clock.advance(1000);
    assert.equal(words("front"), "0 1 2 3 4");
    assert.equal(route.holder("front").holder, undefined);
    assert.equal(route.holder("yard").holder?.name, "file");
    const anna = talker("anna");
    using _anna = route.take(anna.request);
    assert.equal(anna.last()?.state, "granted");
    route.reconsider();
    await clock.advance(10);
    anna.say("hello");
    await clock.advance(10_000);
    assert.equal(words("front"), "0 1 2 3 4 hello", "and it comes back to none that heard it");
    assert.equal(words("gate"), "0 1 2 3 4");
    assert.equal(route.holder("yard").holder, undefined);
    assert.equal(devices.size, 3);
    await talk.done;
  });

  it("gives the floor back when a recording stops coming", async () => {
    const { clock, route, talker } = makeHouse(["front"]);
    const source: RecordedSpeech = {
      live: false,
      open: async () => {
        async function* frames() {
          yield { data: Buffer.from("0"), timestampUs: 0, key: true };
          await new Promise(() => {});
        }
        return { frames: frames(), [Symbol.asyncDispose]: async () => {} };
      },
    };
    const file = talker("file", { source });
    const turn = route.take(file.request);
    await clock.advance(6000);
    await turn.done;
    assert.deepEqual(file.last(), { state: "failed", reason: "the sound stopped: nothing came for 5 s" });
    assert.equal(route.holder("front").holder, undefined);
  });

  it("counts the words that are lost, on the way to the hub and at a slow speaker, and says so", async () => {
    const { clock, route, talker, hung, lost } = makeHouse(["front"]);
    hung.add("front");
    const anna = talker("anna");
    const turn = route.take(anna.request);
    await clock.advance(10);
    anna.say("a");
    await clock.advance(10);
    for (let n = 0; n < 60; n++) anna.say("b", n === 3 ? 2 : 0);
    await clock.advance(10);
    turn.cancel();
    await turn.done;
    assert.deepEqual(anna.last(), { state: "released", reason: "cancelled", lost: { network: 2, speaker: 10 } });
    assert.deepEqual(lost, { network: 2, conversion: 10, speaker: 0 });
  });

  it("ends when the voice is gone", async () => {
    const { clock, route, talker } = makeHouse(["front"]);
    const anna = talker("anna");
    const turn = route.take(anna.request);
    await clock.advance(10);
    anna.voice[Symbol.dispose]();
    await turn.done;
    assert.equal(anna.last()?.state, "released");
    assert.equal(route.holder("front").holder, undefined);
  });
});
