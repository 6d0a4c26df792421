import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeDevice } from "../../../test/contracts/fake-device.ts";
import type { DeviceMemory } from "../../device/driver.ts";
import { pcmFormat } from "../../media/format.ts";
import type { Speech } from "../../media/speech.ts";
import { doubleRate } from "./double-rate.ts";
import { type FakeYoosee, startFakeYoosee } from "./fake.ts";
import driver from "./index.ts";
import { createSpeaker, type ProfileChoice } from "./speaker.ts";
import { fastClock, recorded, spoken, tone } from "./testing.ts";

const verbs = (fake: FakeYoosee) => fake.events.flatMap((event) => (event.type === "control" ? [event.verb] : []));

function open(fake: FakeYoosee, profile: ProfileChoice, memory: DeviceMemory = new Map()) {
  const device = new FakeDevice({ clock: fake.clock, memory });
  const target = { host: "127.0.0.1", port: fake.port, path: "onvif1" };
  device.offerSpeaker(createSpeaker(device, { target, profile, echoCancelling: false }));
  return device;
}

const recording = (ms: number, rateHz = 8000, signal = new AbortController().signal): Speech => ({
  format: pcmFormat(rateHz),
  live: false,
  frames: recorded(tone(ms, rateHz)),
  signal,
});

describe("yoosee speaker", () => {
  it("offers PCM at the profile's rate", async () => {
    await using fake = await startFakeYoosee();
    assert.deepEqual(open(fake, "classic").speaker?.formats, [pcmFormat(8000)]);
    assert.deepEqual(open(fake, "gwell").speaker?.formats, [pcmFormat(16_000)]);
  });

  it("finds the dialect out once, remembers it, and offers its rate from then on", async () => {
    await using fake = await startFakeYoosee({ clock: fastClock(10), dialects: ["gwell"], rateHz: 16_000 });
    const memory: DeviceMemory = new Map();
    const device = open(fake, "auto", memory);
    await device.speaker?.play(recording(200));
    assert.deepEqual(
      verbs(fake),
      ["USER_CMD_SET", "OPTIONS", "OPEN", "CLOSE"].map((verb) => (verb === "USER_CMD_SET" ? "OPEN" : verb)),
    );
    assert.ok(Math.abs(fake.playout.counters.playedMs - 200) <= 20, `${fake.playout.counters.playedMs} ms`);
    assert.deepEqual(device.speaker?.formats, [pcmFormat(16_000)]);
    await device.speaker?.play(recording(200, 16_000));
    assert.deepEqual(verbs(fake).slice(4), ["OPTIONS", "OPEN", "CLOSE"]);
    assert.deepEqual(open(fake, "auto", memory).speaker?.formats, [pcmFormat(16_000)]);
  });

  it("throws the camera's first refusal when it takes no dialect", async () => {
    await using fake = await startFakeYoosee({ refuse: "453 Not Enough Bandwidth" });
    const talking = open(fake, "auto").speaker?.play(recording(100));
    await assert.rejects(talking ?? Promise.resolve(), { code: "refused" });
  });

  it("returns quietly when the turn is taken away, and the next turn is heard", async () => {
    await using fake = await startFakeYoosee();
    const device = open(fake, "classic");
    const stop = new AbortController();
    const turn = device.speaker?.play({
      ...recording(0),
      live: true,
      frames: spoken(60_000, { clock: fake.clock, signal: stop.signal }),
      signal: stop.signal,
    });
    await fake.waitFor((event) => event.type === "record");
    stop.abort();
    await turn;
    assert.equal(fake.decoderOpen, false);
    const before = fake.counters.records;
    await device.speaker?.play(recording(20));
    assert.equal(fake.counters.records, before + 1);
  });

  it("throws when the camera is lost in the middle of a turn", async () => {
    await using fake = await startFakeYoosee();
    const device = open(fake, "classic");
    const turn = device.speaker?.play({
      ...recording(0),
      live: true,
      frames: spoken(60_000, { clock: fake.clock, signal: device.signal }),
    });
    const lost = assert.rejects(turn ?? Promise.resolve(), { code: "lost", message: /went away while somebody spoke/ });
    await fake.waitFor((event) => event.type === "record");
    device.stop.abort();
    await lost;
  });

  it("doubles a rate without a jump between frames", async () => {
    const output: number[] = [];
    async function* input() {
      for (const samples of [
        [0, 100],
        [200, 300],
      ])
        yield { data: new Uint8Array(Int16Array.from(samples).buffer), timestampUs: 0, key: true };
    }
    for await (const { data } of doubleRate(input())) output.push(...new Int16Array(data.buffer));
    assert.deepEqual(output, [0, 0, 50, 100, 150, 200, 250, 300]);
  });

  it("claims the addresses of these cameras", () => {
    const claim = (address: string) => driver.claims(new URL(address));
    assert.equal(claim("rtsp://192.168.1.20/onvif1"), 2);
    assert.equal(claim("rtsp://192.168.1.20:5540/onvif2"), 2);
    assert.equal(claim("rtsp://192.168.1.20/stream"), 0);
    assert.equal(claim("http://192.168.1.20/onvif1"), 0);
  });
});
