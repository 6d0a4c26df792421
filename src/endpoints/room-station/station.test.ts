import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { OpusDecoder } from "../../codecs/opus/index.ts";
import { bytesOf } from "../../codecs/pcm/index.ts";
import { signRoomPacket } from "../../protocols/room/authentic.ts";
import { type RoomPriority, serializeRoomPacket } from "../../protocols/room/packet.ts";
import { WireError } from "../../util/errors.ts";
import { StationFloor } from "./floor.ts";
import { Hearing } from "./hearing.ts";
import { StationKeys } from "./keys.ts";
import { frameSamples, Playout } from "./playout.ts";
import { framesOfTone, ringTone } from "./tone.ts";

const [kitchen, office, attic] = ["0000000000000001", "0000000000000002", "0000000000000003"] as const;
const word = new Uint8Array(40);
const hush = new Uint8Array(8);

function packet(sender: string, how: { sequence?: number; priority?: RoomPriority; opus?: Uint8Array } = {}) {
  const { sequence = 0, priority = 0, opus = word } = how;
  return { sender, sequence, priority, opus };
}

describe("a station's floor", () => {
  it("is the first talker's until 500 ms after the last packet that is no silence", () => {
    const floor = new StationFloor();
    assert.equal(floor.offer(packet(kitchen, { opus: hush }), 0), "ignored");
    assert.equal(floor.offer(packet(kitchen), 100), "taken");
    assert.equal(floor.offer(packet(office), 120), "ignored");
    assert.equal(floor.offer(packet(kitchen), 140), "goes-on");
    assert.equal(floor.offer(packet(kitchen, { opus: hush }), 500), "goes-on");
    assert.equal(floor.release(639), false);
    assert.equal(floor.release(640), true);
    assert.equal(floor.offer(packet(office), 641), "taken");
  });

  it("goes to a strictly higher priority at once, also from ourselves", () => {
    const floor = new StationFloor();
    floor.offer(packet(kitchen, { priority: 1 }), 0);
    assert.equal(floor.offer(packet(office, { priority: 1 }), 1), "ignored");
    assert.equal(floor.offer(packet(office, { priority: 2 }), 2), "taken");
    assert.deepEqual(floor.holder, { sender: office, priority: 2 });
    floor.seize(1);
    assert.equal(floor.offer(packet(kitchen, { priority: 1 }), 3), "ignored");
    assert.equal(floor.offer(packet(attic, { priority: 2 }), 4), "taken");
  });

  it("lets emergencies alone through while nobody wants to be disturbed", () => {
    const floor = new StationFloor();
    floor.doNotDisturb = true;
    assert.equal(floor.offer(packet(kitchen, { priority: 1 }), 0), "ignored");
    assert.equal(floor.offer(packet(kitchen, { priority: 2 }), 1), "taken");
  });

  it("refuses our press while somebody talks whom we do not outrank, and for two seconds after a call", () => {
    const floor = new StationFloor();
    floor.offer(packet(kitchen, { priority: 1 }), 0);
    assert.equal(floor.refusal(1, 100), "busy");
    assert.equal(floor.refusal(2, 100), undefined);
    assert.equal(floor.refusal(0, 600), undefined);
    floor.lock(1000);
    assert.equal(floor.refusal(2, 2999), "locked");
    assert.equal(floor.refusal(2, 3000), undefined);
  });
});

describe("the queue before the loudspeaker", () => {
  const frame = (n: number) => new Int16Array(frameSamples).fill(n);

  it("begins with two frames, bridges a gap while the talk goes on, and plays the last one at its end", () => {
    const queue = new Playout();
    queue.push(frame(1));
    assert.equal(queue.pop({ goesOn: true }), undefined);
    queue.push(frame(2));
    assert.equal(queue.pop({ goesOn: true })?.[0], 1);
    assert.equal(queue.pop({ goesOn: true })?.[0], 2);
    assert.equal(queue.pop({ goesOn: true }), undefined);
    assert.equal(queue.underrun, 1);
    queue.push(frame(3));
    assert.equal(queue.pop({ goesOn: false })?.[0], 3);
    assert.equal(queue.pop({ goesOn: false }), undefined);
    assert.equal(queue.underrun, 1);
  });

  it("takes fifteen frames and drops the oldest when a sixteenth comes", () => {
    const queue = new Playout();
    for (let n = 1; n <= 16; n++) queue.push(frame(n));
    assert.equal(queue.size, 15);
    assert.equal(queue.overflow, 1);
    assert.equal(queue.pop({ goesOn: true })?.[0], 2);
  });
});

describe("what a station hears", () => {
  /** Says what was decoded: "5" a packet, "f5" the copy in packet 5, "p" invented, "-" silence. */
  function rig(how: { readonly key?: Uint8Array } = {}) {
    const floor = new StationFloor();
    const playout = new Playout();
    const says: string[] = [];
    const frames = bytesOf(new Int16Array(frameSamples));
    const decoder: OpusDecoder = {
      decode: (opus) => {
        if (opus[1] === 99) throw new WireError("Opus: damaged");
        says.push(`${opus[1]}`);
        return frames;
      },
      conceal: (_durationUs, next) => {
        says.push(next ? `f${next[1]}` : "p");
        return frames;
      },
      [Symbol.dispose]: () => {},
    };
    let taken = 0;
    const hearing = new Hearing({
      sender: kitchen,
      floor,
      playout,
      keys: new StationKeys(how.key),
      onHeard: () => {},
      decoderOf: () => decoder,
      onTaken: () => {
        taken++;
      },
    });
    const hear = (packet: Uint8Array, nowMs: number, byGroup = true) => hearing.hear(packet, { nowMs, byGroup });
    const bytes = (sequence: number, other: { sender?: string; priority?: RoomPriority } = {}) => {
      const opus = Uint8Array.from({ length: 40 }, (_, i) => (i === 1 ? sequence : 0));
      return serializeRoomPacket({ sender: office, priority: 0, ...other, sequence, opus });
    };
    return { hearing, hear, playout, floor, says, bytes, taken: () => taken };
  }

  it("is decoded once and in order, whatever copies and order the network made of it", () => {
    const { hearing, hear, says, bytes } = rig();
    for (const n of [1, 1, 2, 2, 4, 3, 4, 3, 5, 1, 5]) hear(bytes(n), n * 20);
    assert.deepEqual(says, ["1", "2", "3", "4", "5"]);
    assert.equal(hearing.counters.duplicate, 6);
  });

  for (const { lost, expected } of [
    { lost: 1, expected: ["f9"] },
    { lost: 2, expected: ["p", "f9"] },
    { lost: 4, expected: ["p", "p", "p", "f9"] },
    { lost: 5, expected: [] },
  ]) {
    it(`makes up for ${lost} lost`, () => {
      const { hearing, hear, playout, says, bytes } = rig();
      const first = 9 - lost - 2;
      hear(bytes(first), 0);
      hear(bytes(first + 1), 20);
      playout.clear();
      hear(bytes(9), 200);
      hearing.tick(200);
      assert.deepEqual(says, [`${first}`, `${first + 1}`, ...expected, "9"]);
      assert.equal(playout.size, lost + 1);
      assert.equal(hearing.counters.silent, expected.length === 0 ? lost : 0);
    });
  }

  it("waits for a missing packet as long as there is sound in the queue", () => {
    const { hearing, hear, playout, says, bytes } = rig();
    for (const n of [1, 2]) hear(bytes(n), n * 20);
    hear(bytes(4), 80);
    hearing.tick(90);
    assert.deepEqual(says, ["1", "2"]);
    playout.clear();
    hearing.tick(100);
    assert.deepEqual(says, ["1", "2", "f4", "4"]);
  });

  it("is nothing of our own, no probe, no plain samples and no garbage", () => {
    const { hearing, hear, says, bytes } = rig();
    hear(bytes(1, { sender: kitchen }), 0);
    hear(Uint8Array.of(0xaa), 0);
    hear(new Uint8Array(653), 0);
    hear(new Uint8Array(300), 0);
    const { own, probes, pcm, malformed } = hearing.counters;
    assert.deepEqual({ own, probes, pcm, malformed }, { own: 1, probes: 1, pcm: 1, malformed: 1 });
    assert.deepEqual(says, []);
  });

  it("is silence where a packet is damaged", () => {
    const { hear, playout, says, bytes } = rig();
    hear(bytes(98), 0);
    hear(bytes(99), 20);
    hear(bytes(100), 40);
    assert.deepEqual(says, ["98", "100"]);
    assert.equal(playout.size, 3);
  });

  it("is not begun anew by copies of a talk that has ended", () => {
    const { hearing, hear, bytes, taken } = rig();
    for (const n of [1, 2, 3]) hear(bytes(n), n * 20);
    hearing.tick(600);
    hear(bytes(3), 610);
    assert.equal(taken(), 1);
    hear(bytes(4), 620);
    assert.equal(taken(), 2);
  });

  it("is no unsigned emergency of who can sign, and no signed packet twice", () => {
    const key = Buffer.alloc(32, 7);
    const { hearing, hear, bytes, taken, floor } = rig({ key });
    const signed = (sequence: number) => signRoomPacket(bytes(sequence), { own: key }) ?? bytes(sequence);
    hear(signed(1), 0);
    hear(signed(2), 20);
    hear(signed(1), 40);
    assert.equal(hearing.counters.replayed, 1);
    hearing.tick(600);
    hear(bytes(90, { priority: 2 }), 700);
    assert.equal(floor.holder, undefined);
    assert.equal(taken(), 1);
  });
});

describe("a tone", () => {
  it("lasts as long as it says, without a step between its frames", () => {
    const samples = [...framesOfTone(ringTone)].flatMap((frame) => [...frame]);
    assert.equal(samples.length, 50 * frameSamples);
    assert.ok(Math.max(...samples) <= 6000 && Math.min(...samples) >= -6000);
    assert.ok(samples.every((sample, i) => i === 0 || Math.abs(sample - (samples[i - 1] ?? 0)) <= 1000));
  });
});
