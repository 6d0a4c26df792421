import assert from "node:assert/strict";
import { test } from "node:test";
import { h264Medium } from "../../../test/h264-medium.ts";
import { Track } from "../../media/track.ts";
import { systemClock } from "../../util/clock.ts";
import { serializeRtp } from "../rtp/packet.ts";
import { createPacketizer } from "../rtp/packetize.ts";
import { serializeFrame } from "./message.ts";
import { RtspParser } from "./parser.ts";

const keyEvery = 25;
const pictureBytes = 8000;

/** An endless camera's bytes on its connection, group by group. */
function* groups(): Generator<Uint8Array> {
  const packetize = createPacketizer("h264", { maxPayloadBytes: 1400 });
  const sets = [0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe8, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80];
  const head = (key: boolean) => (key ? [...sets, 0, 0, 0, 1, 0x65, 0x88] : [0, 0, 0, 1, 0x41, 0x9a]);
  let sequence = 0;
  for (let group = 0; ; group++) {
    const parts = Array.from({ length: keyEvery }, (_, n) => {
      const frame = new Uint8Array(pictureBytes).fill(0x5a);
      frame.set(head(n === 0));
      const timestamp = (group * keyEvery + n) * 3600;
      return packetize(frame).map(({ payload, marker }) => {
        const packet = { payloadType: 96, marker, sequence: sequence++ & 0xffff, timestamp, ssrc: 7, payload };
        return serializeFrame(0, serializeRtp(packet));
      });
    });
    yield Buffer.concat(parts.flat());
  }
}

test("a connected camera takes no new memory for the bytes of its pictures", () => {
  const tracks: Track[] = [];
  const onTrack = (format: Track["format"]) => {
    const track = new Track(format, { id: "t", clock: systemClock });
    tracks.push(track);
    return track;
  };
  using received = h264Medium({ clock: systemClock, onTrack });
  const parser = new RtspParser({ borrows: true });
  // As a socket's bytes come: always to the same place, and cut anywhere.
  const read = new Uint8Array(5000);
  const source = groups();
  const take = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; at += read.length) {
      const chunk = read.subarray(0, Math.min(read.length, bytes.length - at));
      chunk.set(bytes.subarray(at, at + chunk.length));
      for (const message of parser.push(chunk)) if (message.kind === "frame") received.rtp(message.payload);
    }
  };
  const sent = Array.from({ length: 20 }, () => source.next().value!);
  for (const bytes of sent.slice(0, 4)) take(bytes);
  const { frames } = tracks[0]!.counters;
  const before = process.memoryUsage().arrayBuffers;
  for (const bytes of sent.slice(4)) take(bytes);
  // A collection in between could only make it less.
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.equal(tracks[0]!.counters.frames - frames, 16 * keyEvery);
  assert.ok(grown < 4 * pictureBytes, `${grown} bytes for ${16 * keyEvery} pictures of ${pictureBytes}`);
});
