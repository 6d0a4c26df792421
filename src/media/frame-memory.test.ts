import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../util/clock.ts";
import type { VideoFormat } from "./format.ts";
import type { Frame } from "./frame.ts";
import { FrameMemory, frameMemory } from "./frame-memory.ts";
import { readFromGroup, takeAll } from "./group-reader.ts";
import { Track } from "./track.ts";

describe("memory of frames", () => {
  it("is used again by a frame of about that length, and lent to one at a time", () => {
    const memory = new FrameMemory();
    const first = memory.take(9000);
    memory.giveBack(first);
    memory.giveBack(first);
    assert.equal(memory.freeBytes, first.buffer.byteLength);
    const second = memory.take(8900);
    assert.equal(second.buffer, first.buffer);
    assert.equal(second.length, 8900);
    assert.notEqual(memory.take(8900).buffer, first.buffer);
    assert.equal(memory.freeBytes, 0);
  });

  it("wastes at most an eighth, and leaves alone what is not its own", () => {
    const memory = new FrameMemory();
    for (let length = 1; length < 4 * 1024 * 1024; length = Math.ceil(length * 1.03)) {
      const { byteLength } = memory.take(length).buffer;
      assert.ok(byteLength >= length && byteLength <= Math.max(length + 64, length * 1.13), `${length}: ${byteLength}`);
    }
    memory.giveBack(new Uint8Array(100));
    memory.giveBack(memory.take(0));
    assert.equal(memory.freeBytes, 0);
    memory.giveBack(memory.take(100));
    memory.clear();
    assert.equal(memory.freeBytes, 0);
  });

  it("is lent to a shorter frame that needs two thirds of it, and to no shorter one", () => {
    const memory = new FrameMemory();
    const long = memory.take(9000);
    memory.giveBack(long);
    assert.notEqual(memory.take(5000).buffer, long.buffer);
    assert.equal(memory.take(6500).buffer, long.buffer);
    assert.equal(memory.freeBytes, 0);
  });

  it("does not keep what lay there all the time while thousands of frames came and went", () => {
    const memory = new FrameMemory();
    const crowd = Array.from({ length: 100 }, () => memory.take(7000));
    for (const one of crowd) memory.giveBack(one);
    const [first] = crowd;
    assert.equal(memory.freeBytes, 100 * first!.buffer.byteLength);
    for (let n = 0; n < 3 * 4096; n++) {
      const few = [memory.take(7000), memory.take(7000)];
      for (const one of few) memory.giveBack(one);
    }
    assert.equal(memory.freeBytes, 2 * first!.buffer.byteLength);
    const again = memory.take(7000);
    assert.equal(memory.freeBytes, again.buffer.byteLength);
  });

  it("does not keep more than it may", () => {
    const memory = new FrameMemory();
    const taken = Array.from({ length: 40 }, () => memory.take(1024 * 1024));
    for (const one of taken) memory.giveBack(one);
    assert.ok(memory.freeBytes <= 16 * 1024 * 1024);
  });
});

const format: VideoFormat = { kind: "video", codec: "h264", parameterSets: [] };

function openTrack(bounds = { maxBytes: 1_000_000, maxMs: 20_000 }): Track {
  return new Track(format, { id: "t", clock: systemClock, gop: bounds });
}

/** A frame whose bytes are `fill`, from the program's memory. */
function frame(fill: number, options: { readonly key?: boolean; readonly atMs?: number } = {}): Frame {
  const data = frameMemory.take(5000).fill(fill);
  return { data, key: options.key ?? false, timestampUs: (options.atMs ?? fill) * 1000 };
}

/** Writes groups of a key frame and two others, and how much memory each has given back so far. */
function groups(track: Track, count: number): number[] {
  frameMemory.clear();
  const given: number[] = [];
  for (let n = 0; n < count; n++) {
    track.write(frame(3 * n, { key: true }));
    given.push(frameMemory.freeBytes / 5120);
    track.write(frame(3 * n + 1));
    track.write(frame(3 * n + 2));
  }
  return given;
}

describe("a track", () => {
  it("gives back the memory of a group that nobody was handed", () => {
    // Each group takes what the one before gave back, but for its key frame, which is there first.
    assert.deepEqual(groups(openTrack(), 3), [0, 3, 3]);
  });

  it("gives nothing back that a reader may hold, even when that is gone", () => {
    const track = openTrack();
    const reader = track.read();
    assert.deepEqual(groups(track, 3), [0, 0, 0]);
    const held = takeAll(reader);
    reader[Symbol.dispose]();
    track.write(frame(100, { key: true }));
    assert.equal(frameMemory.freeBytes, 0);
    assert.deepEqual(
      held.map(({ data }) => data[4999]),
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
    );
    // What comes after is nobody's again.
    track.write(frame(101, { key: true }));
    assert.equal(frameMemory.freeBytes, 5120);
  });

  it("gives back what was copied in the moment in which it was taken, and keeps what still waits", () => {
    const track = openTrack();
    const { reader } = readFromGroup(track, { pump: () => {} });
    track.write(frame(1, { key: true }));
    const before = frameMemory.freeBytes;
    assert.equal(takeAll(reader).length, 1);
    track.write(frame(2, { key: true }));
    assert.equal(frameMemory.freeBytes, before + 5120);
    track.write(frame(3, { key: true }));
    assert.equal(frameMemory.freeBytes, before, "the third took what was free, and the second waits in the reader");
    reader[Symbol.dispose]();
  });

  it("gives back neither the frame that is coming nor the last picture", () => {
    const track = openTrack({ maxBytes: 8000, maxMs: 20_000 });
    frameMemory.clear();
    const seen: (number | undefined)[] = [];
    using reader = track.read({ borrows: true, start: "live", onReady: () => {} });
    track.write(frame(7, { key: true }));
    takeAll(reader);
    const coming = frame(8);
    track.write(coming);
    const other = frameMemory.take(5000).fill(99);
    seen.push(...takeAll(reader).map(({ data }) => data[0]), track.lastPicture?.data[0]);
    assert.deepEqual(seen, [8, 7]);
    assert.notEqual(other.buffer, coming.data.buffer);
  });

  it("gives back nothing of a group whose picture was looked at", () => {
    const track = openTrack();
    frameMemory.clear();
    track.write(frame(1, { key: true }));
    const picture = track.lastKeyFrame;
    track.write(frame(2, { key: true }));
    assert.equal(frameMemory.freeBytes, 0);
    assert.equal(picture?.data[0], 1);
  });

  it("gives nothing back that another track keeps as well", () => {
    const [first, second] = [openTrack(), openTrack()];
    frameMemory.clear();
    const shared = frame(1, { key: true });
    for (const track of [first, second]) track.write(shared);
    first.write(frame(2, { key: true }));
    second.close();
    assert.equal(frameMemory.freeBytes, 0);
    assert.equal(shared.data[4999], 1);
  });
});
