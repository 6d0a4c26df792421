import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { h264Medium } from "../../../test/h264-medium.ts";
import { seededRandom } from "../../../test/mutate.ts";
import type { Frame } from "../../media/frame.ts";
import { frameMemory } from "../../media/frame-memory.ts";
import { ManualClock } from "../../util/clock.ts";
import { serializeRtp } from "../rtp/packet.ts";
import { createPacketizer } from "../rtp/packetize.ts";
import { serializeFrame } from "./message.ts";
import { RtspParser } from "./parser.ts";

/** How cameras tell where a picture ends: as they should, never, at each packet, and with a clock that stands still. */
const manners = ["marker", "no marker", "every marker", "still clock"] as const;
const startCode = [0, 0, 0, 1];
const sets = [...startCode, 0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe8, ...startCode, 0x68, 0xce, 0x3c, 0x80];
const sizes = [3, 20, 300, 1500, 6000, 30_000];

/** A picture of one to three slices, none of whose bytes could be a start code. */
function picture(key: boolean, random: () => number): Uint8Array {
  const slices = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, i) => {
    const size = sizes[Math.floor(random() * sizes.length)]!;
    const body = Array.from({ length: size }, () => 1 + Math.floor(random() * 255));
    return [...startCode, key ? 0x65 : 0x41, i === 0 ? 0x9a : 0x5a, ...body];
  });
  return Uint8Array.from([...(key ? sets : []), ...slices.flat()]);
}

/** What goes over the connection for these pictures. */
function sent(pictures: readonly Uint8Array[], manner: (typeof manners)[number]): Uint8Array {
  const packetize = createPacketizer("h264", { maxPayloadBytes: 1400 });
  let sequence = 65_500;
  const packets = pictures.flatMap((frame, n) =>
    packetize(frame).map(({ payload, marker: last }) => {
      const marker = manner === "every marker" || (manner !== "no marker" && last);
      const timestamp = manner === "still clock" ? 9000 : n * 3600;
      const head = { payloadType: 96, marker, sequence: sequence++ & 0xffff, timestamp, ssrc: 7 };
      return serializeFrame(0, serializeRtp({ ...head, payload }));
    }),
  );
  return Buffer.concat(packets);
}

const hash = (bytes: Uint8Array) => createHash("sha1").update(bytes).digest("hex");

/** Hashes of the pictures that came, of bytes that are read in pieces to memory in which something else stands afterwards. */
async function received(bytes: Uint8Array, random: () => number): Promise<string[]> {
  const clock = new ManualClock();
  const came: string[] = [];
  const write = ({ data }: Frame) => {
    came.push(hash(data));
    frameMemory.giveBack(data.fill(0xee));
  };
  const onTrack = () => ({ write, updateFormat: () => {} });
  using medium = h264Medium({ clock, onTrack });
  const parser = new RtspParser({ borrows: true });
  const memory = new Uint8Array(64 * 1024);
  const most = [50, 1460, 5000, memory.length][Math.floor(random() * 4)]!;
  for (let at = 0; at < bytes.length; ) {
    const chunk = memory.subarray(0, Math.min(bytes.length - at, 1 + Math.floor(random() * most)));
    chunk.set(bytes.subarray(at, at + chunk.length));
    at += chunk.length;
    for (const message of parser.push(chunk)) if (message.kind === "frame") medium.rtp(message.payload);
    chunk.fill(0xee);
  }
  await clock.advance(400);
  return came;
}

describe("pictures that are put together in memory that is used again", () => {
  for (const manner of manners) {
    test(`are those that were sent, however they are cut: ${manner}`, async () => {
      for (let seed = 1; seed <= 8; seed++) {
        const random = seededRandom(seed);
        const pictures = Array.from({ length: 30 }, (_, n) => picture(n % 7 === 0, random));
        const expected = pictures.map(hash);
        const came = await received(sent(pictures, manner), random);
        // Nothing tells that the last one has ended where there is no marker to believe.
        const told = manner === "marker" ? expected : expected.slice(0, -1);
        assert.deepEqual(came.slice(0, told.length), told, `seed ${seed}`);
      }
    });
  }
});
