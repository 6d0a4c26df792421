import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createOpusDecoder, createOpusEncoder } from "../../codecs/opus/index.ts";
import { opusFormat, pcmFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { Speech } from "../../media/speech.ts";
import { ManualClock } from "../../util/clock.ts";
import type { Destination, TalkWriting } from "../../workers/pace/index.ts";
import { RoomSender } from "./sender.ts";
import { fitsStations, maxOpusBytes, openRoomPackets, roomSilence } from "./to-packets.ts";

const word = (n: number) => Uint8Array.from({ length: 60 }, (_, at) => (at === 0 ? 0x48 : n));
const frame = (data: Uint8Array, at: number): Frame => ({
  data,
  timestampUs: at * 20_000,
  durationUs: 20_000,
  key: true,
});
const to = [{ address: "192.168.1.20", port: 5005 }];

async function* given(frames: readonly Frame[]) {
  yield* frames;
}

async function* endless(): AsyncGenerator<Frame, void, void> {
  for (let n = 0; ; n++) {
    yield frame(word(n & 255), n);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A sender over a clock thread that only writes down what it is told. */
function open() {
  const clock = new ManualClock();
  const talks: { to: readonly Destination[]; writing: TalkWriting; said: string[] }[] = [];
  const pace = {
    begin: (to: readonly Destination[], writing: TalkWriting) => {
      const over = Promise.withResolvers<{ sent: number; dropped: number }>();
      const said: string[] = [];
      talks.push({ to, writing, said });
      const end = (how: string) => {
        said.push(how);
        over.resolve({ sent: said.length - 1, dropped: 0 });
      };
      return {
        over: over.promise,
        push: (opus: Uint8Array | undefined) => said.push(opus ? `${opus[1]}` : "gap"),
        retarget: () => {},
        rekey: () => {},
        finish: () => end("end"),
        cut: () => end("cut"),
      };
    },
  };
  return { clock, talks, sender: new RoomSender({ pace, sender: "00112233445566aa", clock }) };
}

const speech = (frames: AsyncIterable<Frame>, more: Partial<Speech> = {}): Speech => ({
  format: opusFormat,
  live: true,
  frames,
  signal: new AbortController().signal,
  ...more,
});

describe("what is sent to stations", () => {
  it("begins with the press, with the talk's own priority, and live Opus passes as it is", async () => {
    const { sender, talks } = open();
    await sender.send(speech(given([frame(word(1), 0), frame(word(2), 1)]), { priority: 2 }), { to });
    assert.deepEqual(talks[0]?.said, ["1", "2", "end"]);
    const { priority, leadIn, trailOut, key } = talks[0].writing;
    assert.deepEqual([priority, leadIn, trailOut, key], [2, 15, 10, undefined]);
    assert.deepEqual(sender.counters, { talks: 1, packets: 2, dropped: 0 });
  });

  it("keeps the places of up to four packets that were lost on the way to us, so that stations make up for them", async () => {
    const { sender, talks } = open();
    const frames = [0, 1, 3, 8, 9, 20].map((at) => frame(word(at), at));
    await sender.send(speech(given(frames)), { to });
    assert.deepEqual(talks[0]?.said, ["0", "1", "gap", "3", "gap", "gap", "gap", "gap", "8", "9", "20", "end"]);
  });

  it("numbers each talk's packets by the time, so that later ones are further on, also after a restart", async () => {
    const { sender, talks, clock } = open();
    await sender.send(speech(given([])), { to });
    await clock.advance(1000);
    await sender.send(speech(given([])), { to });
    const [first, second] = talks.map(({ writing }) => writing.sequence);
    assert.equal(second! - first!, 50);
    assert.equal(first, Math.floor(1_800_000_000_000 / 20) >>> 0);
  });

  it("sends the whole lead-in before a recording, for which nobody waits", async () => {
    const { sender, talks, clock } = open();
    const sending = sender.send(speech(given([frame(word(1), 0)]), { live: false }), { to });
    await roomSilence(); // made by now
    await clock.advance(290);
    assert.deepEqual(talks[0]?.said, []);
    await clock.advance(20);
    await sending;
    assert.deepEqual(talks[0]?.said, ["1", "end"]);
  });

  it("stops at once when it is told to, with nothing behind it", async () => {
    const { sender, talks } = open();
    const stop = new AbortController();
    const sending = sender.send(speech(endless(), { signal: stop.signal }), { to });
    while ((talks[0]?.said.length ?? 0) < 3) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await assert.rejects(sending, { name: "AbortError" });
    assert.equal(talks[0]?.said.at(-1), "cut");
  });
});

describe("packets for stations", () => {
  it("are one Opus packet of 20 ms that is no longer than firmware takes", () => {
    assert.equal(fitsStations(word(1)), true);
    assert.equal(fitsStations(Uint8Array.from({ length: maxOpusBytes }, () => 0x48)), true);
    assert.equal(fitsStations(Uint8Array.from({ length: maxOpusBytes + 1 }, () => 0x48)), false);
    assert.equal(fitsStations(Uint8Array.of(0x50, 1)), false, "40 ms");
    assert.equal(fitsStations(new Uint8Array()), false);
  });

  it("are made of Opus of other lengths too, and of damaged Opus nothing", async () => {
    using encoder = await createOpusEncoder({ sampleRateHz: 48_000, channels: 2 });
    using packets = openRoomPackets(opusFormat);
    const long = encoder.encode(new Uint8Array(1920 * 4));
    assert.equal(fitsStations(long), false);
    const made = await packets.push(frame(long, 0));
    assert.equal(made.length, 2);
    assert.ok(made.every(fitsStations));
    assert.deepEqual(await packets.push(frame(Uint8Array.of(0xff, 0xff, 0xff), 1)), []);
  });

  it("are coded as the firmware does it: voice at 16 kHz, with a copy of each packet in the next", async () => {
    using packets = openRoomPackets(pcmFormat(16_000));
    using decoder = await createOpusDecoder({ sampleRateHz: 16_000, channels: 1 });
    const tone = (from: number) =>
      new Uint8Array(
        Int16Array.from({ length: 320 }, (_, n) => 9000 * Math.sin(((from + n) * 2 * Math.PI * 500) / 16_000)).buffer,
      );
    const made: Uint8Array[] = [];
    for (let n = 0; n < 50; n++) made.push(...(await packets.push(frame(tone(n * 320), n))));
    assert.equal(made.length, 50);
    assert.equal(made[40]![0]! >> 3, 9, "SILK, wideband, 20 ms");
    for (const one of made.slice(0, 40)) decoder.decode(one);
    const samples = new Int16Array(Uint8Array.from(decoder.conceal(20_000, made[41]!)).buffer);
    assert.ok(Math.max(...samples) > 4000, "the lost one is heard out of its successor's copy");
  });

  it("of silence are too short to take a floor", async () => assert.ok((await roomSilence()).length < 10));
});
