import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bytesOf } from "../../codecs/pcm/index.ts";
import type { DoorSound } from "../../protocols/door/binary.ts";
import { type DoorSoundForm, DoorStream } from "./stream.ts";

function open(form: Partial<DoorSoundForm> = {}, maxPcmBytes = 100_000) {
  const sent: DoorSound[] = [];
  const own = { sampleRateHz: 16_000, channels: 1, frameMs: 40, ...form };
  const send = (sound: DoorSound) => sent.push(sound);
  return { sent, stream: new DoorStream({ streamId: "s", form: own, toClient: true, maxPcmBytes, send }) };
}

function sound(sequence: number, change: Partial<DoorSound> = {}): DoorSound {
  const pcm = bytesOf(new Int16Array(320).fill(sequence + 1));
  return { streamId: "s", sequence, sampleRateHz: 16_000, channels: 1, toClient: false, pcm, ...change };
}

/** First samples of what is played in so many frames of 20 ms, without silence. */
const played = (stream: DoorStream, frames = 12) =>
  Array.from({ length: frames }, () => stream.next()?.[0]).filter((value) => value !== undefined);

describe("the sound of a stream", () => {
  it("is sent in frames of the length that was asked for, counted from 0", () => {
    for (const frameMs of [10, 25, 40, 400]) {
      const { sent, stream } = open({ frameMs });
      for (let n = 0; n < 40; n++) stream.speak(new Int16Array(320).fill(n));
      assert.equal(sent.length, Math.floor(800 / frameMs));
      assert.ok(sent.every(({ pcm }) => pcm.length === frameMs * 32));
      assert.deepEqual(
        sent.slice(0, 2).map((frame) => frame.sequence),
        [0, 1],
      );
    }
  });

  it("is sent in shorter frames to a host that takes no long lines", () => {
    const { sent, stream } = open({ sampleRateHz: 48_000, channels: 2, frameMs: 400 }, 48_768);
    for (let n = 0; n < 50; n++) stream.speak(new Int16Array(1920));
    assert.ok(sent.length >= 3);
    assert.ok(sent.every(({ pcm }) => pcm.length <= 48_768 && pcm.length % 4 === 0));
  });

  it("is put in order, once each, with silence in place of what was lost", () => {
    const { stream } = open();
    for (const sequence of [0, 2, 1, 2, 3]) stream.take(sound(sequence));
    assert.deepEqual(played(stream), [1, 2, 3, 4]);
    assert.equal(stream.counters.duplicate, 1);
    for (const sequence of [5, 6, 7]) stream.take(sound(sequence));
    assert.deepEqual(played(stream, 20), [0, 6, 7, 8]);
    assert.equal(stream.counters.lost, 1);
  });

  it("is taken from the other end only", () => {
    const { stream } = open();
    stream.take(sound(0, { toClient: true }));
    assert.equal(stream.counters.received, 0);
  });

  it("comes at another rate, or with two channels, and is played all the same", () => {
    const { stream } = open();
    const stereo = Int16Array.from({ length: 2 * 960 }, (_, i) => (i % 2 === 0 ? 100 : 300));
    stream.take(sound(0, { sampleRateHz: 48_000, channels: 2, pcm: bytesOf(stereo) }));
    assert.deepEqual(played(stream), [200]);
  });
});
