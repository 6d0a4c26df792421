import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mutations } from "../../../../test/mutate.ts";
import { createPacketizer } from "../../../protocols/rtp/packetize.ts";
import { WireError } from "../../../util/errors.ts";
import type { ToChild } from "../messages.ts";
import { type CutMedia, MediaWriter, readMedia } from "./media.ts";
import { MessageReader, MessageSplitter } from "./message.ts";
import { wireLimits } from "./wire.ts";

const track = { type: "track", track: 3, codec: "h264", latencyUs: 2 ** 40 } as const;
const frame = (bytes: number, more: Partial<Extract<ToChild, { type: "frame" }>> = {}) => {
  const data = new Uint8Array(bytes).map((_, i) => (i * 7) & 0xff || 1);
  data.set([0, 0, 0, 1, 0x65]);
  return { type: "frame", track: 3, data, timestampUs: -5, key: true, replay: false, ...more } as const;
};
const heard = (...written: Uint8Array[]): CutMedia[] =>
  new MessageSplitter(wireLimits.messageBytes).push(Buffer.concat(written)).map((message) => readMedia(message)!);

describe("what the hub says of tracks", () => {
  it("is heard as it was said, frames cut into packets", () => {
    const writer = new MediaWriter();
    const sent = frame(9000, { replay: true });
    const [opened, read, ended] = heard(
      writer.write(track),
      writer.write(sent),
      writer.write({ type: "track-end", track: 3 }),
    );
    assert.deepEqual(opened, { type: "track", track: 3, kind: "video", latencyUs: 0xffff_ffff });
    assert.ok(read?.type === "frame");
    const { payloads, ...head } = read;
    assert.deepEqual(head, { type: "frame", track: 3, timestampUs: -5, key: true, replay: true });
    const plain = (some: typeof payloads) => some.map((one) => ({ ...one, payload: Buffer.from(one.payload) }));
    assert.deepEqual(plain(payloads), plain(createPacketizer("h264")(sent.data)));
    assert.deepEqual(ended, { type: "track-end", track: 3 });
  });

  it("comes whole when the pipe cuts a large frame into many pieces", () => {
    const writer = new MediaWriter();
    const written = [writer.write(track), writer.write(frame(300_000)), writer.write(frame(20))];
    const splitter = new MessageSplitter(wireLimits.messageBytes);
    const bytes = Buffer.concat(written);
    const read: (CutMedia | undefined)[] = [];
    for (let at = 0; at < bytes.length; at += 4099)
      read.push(...splitter.push(bytes.subarray(at, at + 4099)).map(readMedia));
    const sizes = read.map((one) => one?.type === "frame" && one.payloads.length);
    assert.deepEqual(sizes, [false, createPacketizer("h264")(frame(300_000).data).length, 1]);
  });

  it("is refused beyond the bounds, and nothing is written of a track that was not announced", () => {
    const writer = new MediaWriter();
    writer.write({ ...track, codec: "opus" });
    assert.throws(() => writer.write(frame(wireLimits.payloadBytes + 1)), WireError);
    const [read] = heard(writer.write(frame(100, { track: 4 })));
    assert.ok(read?.type === "frame" && read.payloads.length === 0);
  });

  it("throws nothing but WireError when it is malformed", () => {
    const writer = new MediaWriter();
    const seeds = [track, frame(3000)].map((message) => writer.write(message).subarray(4));
    for (const bytes of mutations(5, seeds, 2000)) {
      try {
        readMedia(new MessageReader(Buffer.from(bytes)));
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
    }
  });
});
