import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import { MediaWriter } from "./media.ts";
import { MediaPipe } from "./media-pipe.ts";

const track = { type: "track", track: 1, codec: "h264", latencyUs: 0 } as const;
const frame = (fill: number, bytes = 5000) => {
  const data = new Uint8Array(bytes).fill(fill);
  data.set([0, 0, 0, 1, 0x65]);
  return { type: "frame", track: 1, data, timestampUs: fill, key: true, replay: false } as const;
};

/** A pipe whose other end takes what it is given when `take` is called, or at once. */
function openPipe(how: "at once" | "later") {
  const given: Uint8Array[] = [];
  const done: (() => void)[] = [];
  const pipe = new Writable({
    highWaterMark: 16_384,
    write: (chunk: Uint8Array, _encoding, callback) => {
      given.push(chunk);
      if (how === "at once") callback();
      else done.push(callback);
    },
  });
  return { pipe, given, take: () => done.shift()?.() };
}

/** What the same messages are in memory of their own. */
function written(...frames: readonly ReturnType<typeof frame>[]): Buffer {
  const writer = new MediaWriter();
  return Buffer.concat([track, ...frames].map((message) => new Uint8Array(writer.write(message))));
}

describe("the way of media to a child", () => {
  it("says at once what has left at once, and uses the same memory again for the next", () => {
    const { pipe, given } = openPipe("at once");
    const media = new MediaPipe(pipe);
    media.post(track);
    const sent: number[] = [];
    for (let n = 1; n <= 6; n++) media.post(frame(n), () => sent.push(n));
    assert.deepEqual(sent, [1, 2, 3, 4, 5, 6]);
    assert.equal(new Set(given.slice(2).map(({ buffer }) => buffer)).size, 1);
  });

  it("changes nothing of what still waits, and says so in order when it has left", async () => {
    const { pipe, given, take } = openPipe("later");
    const media = new MediaPipe(pipe);
    media.post(track);
    const frames = Array.from({ length: 12 }, (_, n) => frame(n + 1));
    const sent: number[] = [];
    for (const [n, one] of frames.entries()) media.post(one, () => sent.push(n));
    assert.deepEqual(sent, []);
    const drained = new Promise((resolve) => pipe.once("drain", resolve));
    while (pipe.writableLength > 0) {
      take();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await drained;
    assert.ok(Buffer.concat(given).equals(written(...frames)));
    assert.deepEqual(sent, [...frames.keys()]);
  });

  it("tells with the next message what has left meanwhile", async () => {
    const { pipe, take } = openPipe("later");
    const media = new MediaPipe(pipe);
    const sent: string[] = [];
    media.post(track, () => sent.push("track"));
    take();
    await new Promise((resolve) => setImmediate(resolve));
    media.post(frame(1), () => sent.push("frame"));
    assert.deepEqual(sent, ["track"]);
  });
});
