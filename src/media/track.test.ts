import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../util/clock.ts";
import { opusFormat, type VideoFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import { Track } from "./track.ts";

const h264: VideoFormat = { kind: "video", codec: "h264", parameterSets: [] };

function frame(timestampUs: number, options: { readonly key?: boolean; readonly bytes?: number } = {}): Frame {
  return { data: new Uint8Array(options.bytes ?? 10), timestampUs, key: options.key ?? false };
}

const makeTrack = (options: { readonly maxBytes?: number; readonly maxMs?: number } = {}) => {
  const clock = new ManualClock();
  const demand: boolean[] = [];
  const track = new Track(h264, {
    id: "t",
    clock,
    gop: { maxBytes: options.maxBytes ?? 1000, maxMs: options.maxMs ?? 10_000 },
    onDemand: (wanted) => demand.push(wanted),
  });
  return { clock, track, demand };
};

const times = (reader: { take(): Frame | undefined }) => {
  const taken: number[] = [];
  for (let next = reader.take(); next; next = reader.take()) taken.push(next.timestampUs);
  return taken;
};

describe("track", () => {
  it("asks for a key frame when who begins alone would take a long group, or anybody has nothing to begin with", () => {
    const { track } = makeTrack();
    let asked = 0;
    track.onKeyFrameWanted = () => asked++;
    const reads = () => {
      const before = asked;
      const reader = track.read();
      return { reader, asked: asked - before };
    };
    using first = reads().reader;
    assert.equal(asked, 0, "nothing came yet: it begins with a key frame");
    track.write(frame(0, { key: true }));
    track.write(frame(3_000_000));
    track.wantKeyFrame();
    assert.equal(asked, 0, "a short group serves");
    first.close();
    using second = reads().reader;
    assert.equal(asked, 0);
    track.write(frame(5_000_000));
    assert.equal(reads().asked, 0, "another one watches already, and would pay for it");
    second.close();
    track.wantKeyFrame();
    assert.equal(asked, 1, "a decoder asks");
    track.interrupt();
    assert.equal(reads().asked, 1, "there is nothing to begin with");
    assert.equal(track.read({ start: "live" }) && asked, 2, "who begins live waits by choice");
  });

  it("starts a new reader with the last group of pictures, or with the next key frame", () => {
    const { track } = makeTrack();
    for (const [time, key] of [
      [1, true],
      [2, false],
      [3, true],
      [4, false],
    ] as const) {
      track.write(frame(time, { key }));
    }
    using warm = track.read();
    using live = track.read({ start: "live" });
    track.write(frame(5));
    track.write(frame(6, { key: true }));
    assert.deepEqual(times(warm), [3, 4, 5, 6]);
    assert.deepEqual(times(live), [6]);
    assert.equal(live.counters.droppedWaitingKey, 1);
  });

  it("keeps a group within its bounds of bytes and time, or not at all", () => {
    const { track } = makeTrack({ maxBytes: 100, maxMs: 1000 });
    track.write(frame(0, { key: true, bytes: 90 }));
    assert.equal(track.gopBytes, 90);
    track.write(frame(1, { bytes: 20 }));
    assert.equal(track.gopBytes, 0);
    track.write(frame(2, { bytes: 20 }));
    assert.equal(track.gopBytes, 0, "what cannot be decoded is not kept");
    track.write(frame(3, { key: true }));
    track.write(frame(1_100_000));
    assert.equal(track.gopBytes, 0);
  });

  it("gives a new reader the whole of the longest group that it keeps", () => {
    const track = new Track(h264, { id: "t", clock: new ManualClock() });
    for (let n = 0; n < 60 * 20; n++) track.write(frame(Math.round((n * 1e6) / 60), { key: n === 0 }));
    using reader = track.read();
    assert.equal(times(reader).length, 60 * 20);
  });

  it("drops a slow reader's video up to the next key frame and counts why", () => {
    const { track } = makeTrack();
    const lagged: number[][] = [];
    using slow = track.read({
      maxFrames: 3,
      onLagged: ({ lagged: count, droppedSlow }) => lagged.push([count, droppedSlow]),
    });
    using quick = track.read();
    track.write(frame(0, { key: true }));
    for (let time = 1; time <= 5; time++) track.write(frame(time));
    assert.equal(slow.queued, 0);
    assert.ok(slow.waitingForKey);
    track.write(frame(6, { key: true }));
    track.write(frame(7));
    assert.deepEqual(times(slow), [6, 7]);
    assert.equal(slow.counters.droppedSlow, 4);
    assert.equal(slow.counters.droppedWaitingKey, 2);
    assert.deepEqual(track.dropped, { droppedSlow: 4, droppedWaitingKey: 2, droppedOldAudio: 0 });
    assert.deepEqual(lagged, [[1, 4]]);
    assert.equal(times(quick).length, 8, "the other reader lost nothing");
  });

  it("drops the oldest sound of a slow reader", () => {
    const track = new Track(opusFormat, { id: "a", clock: new ManualClock() });
    using reader = track.read({ maxFrames: 3 });
    for (let time = 1; time <= 5; time++) track.write(frame(time, { key: true }));
    assert.deepEqual(times(reader), [3, 4, 5]);
    assert.equal(reader.counters.droppedOldAudio, 2);
    assert.equal(reader.counters.delivered, 3);
  });

  it("tells when it is wanted and when it no longer is", () => {
    const { track, demand } = makeTrack();
    const one = track.read();
    const two = track.read();
    one.close();
    two[Symbol.dispose]();
    assert.deepEqual(demand, [true, false]);
  });

  it("makes readers wait for a key frame after a gap of the source", () => {
    const { track } = makeTrack();
    track.write(frame(0, { key: true }));
    using reader = track.read();
    track.interrupt();
    track.write(frame(1));
    track.write(frame(2, { key: true }));
    assert.deepEqual(times(reader), [0, 2]);
  });

  it("refuses another codec under its readers", () => {
    const { track } = makeTrack();
    assert.throws(() => track.updateFormat({ ...h264, codec: "h265" }), TypeError);
    track.updateFormat({ ...h264, widthPx: 640 });
    assert.equal(track.formatVersion, 1);
  });

  it("closes for all, whatever a listener throws", () => {
    const errors: unknown[] = [];
    const clock = new ManualClock();
    const track = new Track(h264, { id: "t", clock, onError: (error) => errors.push(error) });
    let told = 0;
    track.onChange(() => {
      throw new Error("a listener's own trouble");
    });
    track.onChange(() => told++);
    track.updateFormat({ ...h264, widthPx: 640 });
    track.close();
    assert.equal(told, 2);
    assert.deepEqual(errors.map(String), ["Error: a listener's own trouble", "Error: a listener's own trouble"]);
  });

  it("wakes a waiting reader and ends it with the track", async () => {
    const { track } = makeTrack();
    const seen: number[] = [];
    const reader = track.read();
    const done = (async () => {
      for await (const { timestampUs } of reader) seen.push(timestampUs);
    })();
    track.write(frame(1, { key: true }));
    track.write(frame(2));
    track.close();
    await done;
    assert.deepEqual(seen, [1, 2]);
    assert.equal(track.read().open, false);
  });

  it("never gives a reader a frame that it cannot decode, nor one out of order", () => {
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.record({ key: fc.boolean(), bytes: fc.integer({ min: 1, max: 60 }) }) },
      { weight: 3, arbitrary: fc.constant("take" as const) },
      { weight: 1, arbitrary: fc.constant("interrupt" as const) },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
        const { track } = makeTrack({ maxBytes: 200 });
        const written = new Map<number, Frame>();
        let time = 0;
        let last = -1;
        let lastKey = -1;
        using reader = track.read({ maxFrames: 5, maxBytes: 200 });
        for (const one of actions) {
          if (one === "take") {
            const taken = reader.take();
            if (!taken) continue;
            assert.ok(taken.timestampUs > last);
            if (taken.key) lastKey = taken.timestampUs;
            else {
              assert.ok(lastKey >= 0, "begins with a key frame");
              assert.equal(taken.timestampUs, last + 1, "nothing is missing between key frames");
            }
            last = taken.timestampUs;
          } else if (one === "interrupt") track.interrupt();
          else {
            const next = frame(time++, one);
            written.set(next.timestampUs, next);
            track.write(next);
          }
          assert.ok(reader.queued <= 5);
          assert.ok(track.gopBytes <= 200);
        }
      }),
      { numRuns: 300 },
    );
  });
});
