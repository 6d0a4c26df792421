import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Carrier, Speaker } from "../device/driver.ts";
import type { Converter } from "../media/convert.ts";
import { opusFormat } from "../media/format.ts";
import type { RecordedSpeech, Speech } from "../media/speech.ts";
import { ManualClock } from "../util/clock.ts";
import { RecoverableError } from "../util/errors.ts";
import { silentLog } from "../util/log.ts";
import type { Hearing, TurnRequest } from "./api.ts";
import type { SpeakingDevice } from "./granted-turn.ts";
import { Turns } from "./turns.ts";
import { Voices } from "./voices.ts";

interface Options {
  /** Loudness of a station; 1 by default. */
  readonly volume?: Readonly<Record<string, number>>;
  /** The speakers make their volume themselves. */
  readonly makesVolume?: boolean;
  /** Stations that are connected so much later, ms. */
  readonly late?: Readonly<Record<string, number>>;
  /** The carrier fails when it has sent so many frames. */
  readonly failsAfter?: number;
}

/** Stations that share one carrier, and cameras ("camera…") that do not; each writes down what it was sent, and how. */
function makeHouse(names: readonly string[], options: Options = {}) {
  const clock = new ManualClock();
  const sent: string[] = [];
  const there = new Set(names.filter((name) => !name.startsWith("camera")));
  const hear = async (who: string, speech: Speech, most = Number.POSITIVE_INFINITY) => {
    let count = 0;
    for await (const frame of speech.frames) {
      if (speech.signal.aborted) break;
      sent.push(`${who} ${Buffer.from(frame.data).toString()}`);
      if (++count >= most) throw new RecoverableError("the network is gone", { code: "lost" });
    }
  };
  const carrier: Carrier = {
    id: "rooms",
    members: () => [...there],
    play: (speech) => hear("all", speech, options.failsAfter),
  };
  const devices = new Map<string, SpeakingDevice>();
  const add = (id: string) => {
    const speaker: Speaker = {
      formats: [opusFormat],
      echoCancelling: false,
      play: (speech) => hear(id, speech),
      makesVolume: options.makesVolume ?? false,
      ...(!id.startsWith("camera") && { carrier }),
    };
    const waitForSpeaker = async () => {
      const ms = options.late?.[id];
      if (ms !== undefined) await clock.sleep(ms);
      return speaker;
    };
    const settings = { volume: options.volume?.[id] ?? 1 };
    const demand = () => new DisposableStack();
    const state = { phase: "live" };
    const device = { id, name: id, settings, state, info: () => ({}), demand, speaker, waitForSpeaker };
    devices.set(id, device as unknown as SpeakingDevice);
  };
  names.forEach(add);
  const voices = new Voices({ clock });
  const voice = voices.open({ owner: "anna" });
  const turns = new Turns({
    device: (id) => devices.get(id),
    house: () => ({
      devices: [...devices.keys()].map((id) => ({ id, area: "house", speaks: true })),
      groups: new Map(),
    }),
    converter: {} as Converter,
    clock,
    log: silentLog,
    lost: voices.lost,
  });
  let hearing: readonly Hearing[] = [];
  const take = (request: Partial<TurnRequest> = {}) =>
    turns.take({
      to: ["all"],
      talker: { id: "anna", name: "Anna" },
      priority: 0,
      queue: false,
      source: { live: true, voice: voice.track },
      onState: () => {},
      onHearing: (now) => {
        hearing = now;
      },
      ...request,
    });
  const say = async (text: string) => {
    voice.write({ data: Buffer.from(text), timestampUs: 0, key: true, durationUs: 20_000 }, 0);
    await clock.advance(20);
  };
  const arrive = (id: string) => {
    there.add(id);
    add(id);
    turns.reconsider();
  };
  const states = () => hearing.map(({ deviceId, state }) => `${deviceId} ${state}`);
  return { clock, turns, take, say, sent, there, arrive, states, voices };
}

/** A recording of so many frames, each its number. */
function recording(count: number): RecordedSpeech {
  async function* frames() {
    for (let index = 0; index < count; index++) yield { data: Buffer.from(`${index}`), timestampUs: 0, key: true };
  }
  return { live: false, open: async () => ({ frames: frames(), [Symbol.asyncDispose]: async () => {} }) };
}

describe("speakers that share a carrier", () => {
  it("are sent speech once when all of them are meant, and are told about one by one", async () => {
    const { take, say, sent, states, clock } = makeHouse(["hall", "kitchen", "camera"]);
    const turn = take();
    await clock.advance(10);
    await say("dinner");
    await say("is ready");
    turn.finish();
    await turn.done;
    assert.deepEqual(sent.toSorted(), ["all dinner", "all is ready", "camera dinner", "camera is ready"]);
    assert.deepEqual(states(), ["hall playing", "kitchen playing", "camera playing"]);
  });

  it("are sent the sound as it is, and once, when each makes its own volume", async () => {
    const { take, say, sent, clock } = makeHouse(["hall", "kitchen", "camera"], {
      volume: { hall: 0.8, kitchen: 0.3, camera: 0.5 },
      makesVolume: true,
    });
    const turn = take();
    await clock.advance(10);
    await say("dinner");
    turn.finish();
    await turn.done;
    assert.deepEqual(sent.toSorted(), ["all dinner", "camera dinner"]);
  });

  it("are played one by one when only some are meant", async () => {
    const { take, say, sent, clock } = makeHouse(["hall", "kitchen", "attic"]);
    const turn = take({ to: ["device:hall", "device:kitchen"] });
    await clock.advance(10);
    await say("hello");
    turn.finish();
    await turn.done;
    assert.deepEqual(sent.toSorted(), ["hall hello", "kitchen hello"]);
  });

  it("are played one by one when they are not to be equally loud, or one is not ready in time", async () => {
    const wide = makeHouse(["hall", "kitchen"], { late: { kitchen: 400 } });
    const turn = wide.take();
    await wide.clock.advance(90);
    await wide.say("hello");
    await wide.clock.advance(10);
    assert.deepEqual(wide.sent, ["hall hello"], "what was said meanwhile is not lost, and nobody waits longer");
    turn.cancel();
    const { take, sent, clock } = makeHouse(["hall", "kitchen"], { volume: { hall: 2 } });
    const said = take({ source: recording(2) });
    await clock.advance(1000);
    await said.done;
    assert.deepEqual(sent.toSorted(), ["hall 0", "hall 1", "kitchen 0", "kitchen 1"]);
  });

  it("are played alone from there on when one of them leaves the turn", async () => {
    const { take, say, sent, turns, clock } = makeHouse(["hall", "kitchen", "attic"]);
    const turn = take();
    await clock.advance(10);
    await say("one");
    turns.setDoNotDisturb("attic", true);
    await clock.advance(10);
    await say("two");
    turn.finish();
    await turn.done;
    assert.deepEqual(sent.toSorted(), ["all one", "hall two", "kitchen two"]);
  });

  it("are played alone from there on when somebody who is not meant begins to hear the carrier", async () => {
    const { take, say, sent, there, clock } = makeHouse(["hall", "kitchen"]);
    const turn = take({ to: ["area:house"] });
    await clock.advance(10);
    await say("one");
    there.add("neighbour");
    await say("two");
    await say("three");
    turn.finish();
    await turn.done;
    assert.equal(sent.filter((line) => line.startsWith("all")).length, 2, "what was asked for already");
    assert.deepEqual(sent.slice(-2).toSorted(), ["hall three", "kitchen three"]);
  });

  it("take in one that comes while all are sent to", async () => {
    const { take, say, sent, arrive, states, clock } = makeHouse(["hall", "kitchen"]);
    const turn = take();
    await clock.advance(10);
    await say("one");
    arrive("attic");
    await clock.advance(10);
    await say("two");
    assert.deepEqual(states(), ["hall playing", "kitchen playing", "attic playing"]);
    turn.finish();
    await turn.done;
    assert.deepEqual(sent, ["all one", "all two"]);
  });

  it("hear the rest of a recording alone when the carrier fails, and nothing twice", async () => {
    const { take, sent, clock } = makeHouse(["hall", "kitchen"], { failsAfter: 2 });
    const turn = take({ source: recording(4) });
    await clock.advance(1000);
    await turn.done;
    assert.deepEqual(sent.slice(0, 2), ["all 0", "all 1"]);
    assert.deepEqual(sent.slice(2).toSorted(), ["hall 2", "hall 3", "kitchen 2", "kitchen 3"]);
  });
});
