import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { serializeRtp } from "../../../protocols/rtp/packet.ts";
import { ManualClock } from "../../../util/clock.ts";
import { Microphone, type SoundPacket } from "./microphone.ts";

function set() {
  const clock = new ManualClock();
  const heard: SoundPacket[] = [];
  const microphone = new Microphone({ payloadType: 111, clock, onSound: (packet) => heard.push(packet) });
  const say = (n: number, payloadType = 111) =>
    microphone.receive(
      serializeRtp({
        payloadType,
        marker: false,
        sequence: n & 0xffff,
        timestamp: (n * 960) >>> 0,
        ssrc: 5,
        payload: Uint8Array.of(0xfc, n & 0xff),
      }),
    );
  return { clock, heard, microphone, say, numbers: () => heard.map(({ data }) => data[1]) };
}

describe("a viewer's microphone", () => {
  it("is silent until somebody wants to hear it", () => {
    const { say, microphone, numbers } = set();
    say(1);
    microphone.want(true);
    say(2);
    microphone.want(false);
    say(3);
    assert.deepEqual(numbers(), [2]);
  });

  it("is put in order, with times on the hub's clock", async () => {
    const { say, microphone, numbers, heard, clock } = set();
    microphone.want(true);
    for (const n of [10, 12, 11, 13]) {
      say(n);
      await clock.advance(20);
    }
    assert.deepEqual(numbers(), [10, 11, 12, 13]);
    assert.deepEqual(
      heard.map(({ timestampUs }) => timestampUs),
      [0, 20_000, 40_000, 60_000],
    );
    assert.equal(heard[0]!.durationUs, 20_000);
  });

  it("passes over what is not its Opus, or is broken", () => {
    const { say, microphone, heard } = set();
    microphone.want(true);
    say(1, 0);
    microphone.receive(new Uint8Array(3));
    microphone.receive(Uint8Array.of(0x80, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 0xff, 0));
    assert.equal(heard.length, 0);
  });
});
