import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { h264Medium } from "../../../test/h264-medium.ts";
import type { Frame } from "../../media/frame.ts";
import { ManualClock } from "../../util/clock.ts";
import { serializeRtp } from "../rtp/packet.ts";
import type { ReceivedMedium } from "./receive-media.ts";

const sps = [0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe9, 0xb8, 0x28, 0x28, 0x28, 0x3c, 0x22, 0x11, 0xa8];
const pps = [0x68, 0xce, 0x3c, 0x80];

function receive(protocol: "tcp" | "udp"): { received: ReceivedMedium; clock: ManualClock; frames: Frame[] } {
  const clock = new ManualClock();
  const frames: Frame[] = [];
  const onTrack = () => ({ write: (frame: Frame) => void frames.push(frame), updateFormat: () => {} });
  const received = h264Medium({ clock, protocol, onTrack });
  return { received, clock, frames };
}

/** Packets of pictures of three, the last with the marker; the first picture is a key frame. */
function pictures(count: number): Uint8Array[] {
  let sequence = 0;
  return Array.from({ length: count }, (_, n) => {
    const slice = [n === 0 ? 0x65 : 0x41, 0x9a, n + 1];
    const units =
      n === 0
        ? [sps, pps, slice]
        : [
            [...slice, 1],
            [0x41, 0x5a, 2],
            [0x41, 0x5a, 3],
          ];
    return units.map((unit, i) => {
      const head = { payloadType: 96, marker: i === 2, sequence: sequence++, timestamp: n * 3600, ssrc: 7 };
      return serializeRtp({ ...head, payload: Uint8Array.from(unit) });
    });
  }).flat();
}

describe("a camera that sends", () => {
  /** The reports' alone. */
  const atRest = 1;

  test("is waited for by no timer, once its marker is believed", async () => {
    const { received, clock, frames } = receive("tcp");
    for (const packet of pictures(4)) received.rtp(packet);
    await clock.advance(300);
    for (const packet of pictures(10).slice(12)) {
      received.rtp(packet);
      assert.equal(clock.pending, atRest);
    }
    assert.equal(frames.length, 10);
    received[Symbol.dispose]();
    assert.equal(clock.pending, 0);
  });

  test("is waited for while a packet is missing, and then no more", async () => {
    const { received, clock, frames } = receive("udp");
    const packets = pictures(12);
    for (const packet of packets.slice(0, 15)) received.rtp(packet);
    await clock.advance(300);
    assert.deepEqual([clock.pending, frames.length], [atRest, 5]);
    for (const packet of packets.slice(16)) received.rtp(packet);
    assert.deepEqual([clock.pending, frames.length], [atRest + 1, 5]);
    await clock.advance(200);
    assert.deepEqual([clock.pending, frames.length], [atRest, 11]);
    received[Symbol.dispose]();
  });

  test("is waited for by nobody after its end", async () => {
    const { received, clock } = receive("udp");
    const packets = pictures(12);
    received[Symbol.dispose]();
    for (const packet of [...packets.slice(0, 15), ...packets.slice(16)]) received.rtp(packet);
    assert.equal(clock.pending, 0);
  });
});
