import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { Ears, type HeardTalk } from "./ears.ts";
import { serializeRoomPacket } from "./packet.ts";

const kitchen = "00000000000000a1";
const hall = "00000000000000b2";
const hub = "00000000000000ff";

interface Heard {
  readonly talk: HeardTalk;
  readonly words: number[];
  readonly times: number[];
  lost: number;
  ended: boolean;
}

function rig() {
  const clock = new ManualClock();
  const talks: Heard[] = [];
  const ears = new Ears({
    clock,
    own: new Set([hub]),
    onTalk: (talk) => {
      const heard: Heard = { talk, words: [], times: [], lost: 0, ended: false };
      talks.push(heard);
      return {
        write: (frame, lostBefore) => {
          heard.words.push(frame.data[0]!);
          heard.times.push(frame.timestampUs);
          heard.lost += lostBefore;
        },
        end: () => {
          heard.ended = true;
        },
      };
    },
  });
  const say = (
    sender: string,
    sequence: number,
    how: { priority?: 0 | 1 | 2; bytes?: number; copies?: number } = {},
  ) => {
    const { priority = 0, bytes = 40, copies = 1 } = how;
    const opus = new Uint8Array(bytes).fill(sequence);
    const datagram = serializeRoomPacket({ sender, sequence, priority, opus });
    for (let n = 0; n < copies; n++) ears.hear(datagram, { address: "192.0.2.7", group: "224.0.0.100" });
  };
  return { clock, ears, talks, say };
}

describe("what is heard of room stations", () => {
  it("is a talk from its first word until 500 ms after its last packet, each word once and at its time", async () => {
    const { clock, talks, say, ears } = rig();
    say(kitchen, 1, { bytes: 3 });
    assert.equal(talks.length, 0, "silence begins no talk");
    for (let n = 2; n < 12; n++) {
      say(kitchen, n, { copies: 4 });
      await clock.advance(20);
    }
    const [talk] = talks;
    assert.deepEqual(talk?.talk, { sender: kitchen, priority: 0, address: "192.0.2.7", group: "224.0.0.100" });
    assert.deepEqual(talk?.words, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert.deepEqual(
      talk?.times.map((us) => us - talk.times[0]!),
      [0, 20, 40, 60, 80, 100, 120, 140, 160, 180].map((ms) => ms * 1000),
    );
    await clock.advance(479);
    assert.equal(talk?.ended, false);
    await clock.advance(1);
    assert.equal(talk?.ended, true);
    assert.equal(ears.counters.duplicates, 30);
  });

  it("keeps its time over what was lost, and says how much that was", async () => {
    const { clock, talks, say } = rig();
    for (const n of [1, 2, 5, 4, 8]) {
      say(kitchen, n);
      await clock.advance(20);
    }
    await clock.advance(480);
    const [talk] = talks;
    assert.deepEqual(talk?.words, [1, 2, 4, 5, 8]);
    assert.equal(talk?.lost, 3);
    const steps = talk!.times.slice(1).map((us, n) => Math.round((us - talk!.times[n]!) / 20_000));
    assert.deepEqual(steps, [1, 2, 1, 3]);
  });

  it("is not torn by a second talker, of whom nothing is lost either", async () => {
    const { clock, talks, say } = rig();
    for (let n = 0; n < 50; n++) {
      say(kitchen, 100 + n);
      say(hall, 7 + n, { priority: 2 });
      await clock.advance(20);
    }
    assert.deepEqual(
      talks.map(({ talk, words }) => [talk.sender, talk.priority, words.length]),
      [
        [kitchen, 0, 50],
        [hall, 2, 50],
      ],
    );
  });

  it("is another talk when the priority changes", async () => {
    const { clock, talks, say } = rig();
    say(kitchen, 1);
    say(kitchen, 2, { priority: 2 });
    await clock.advance(600);
    assert.deepEqual(
      talks.map(({ talk, words, ended }) => [talk.priority, words, ended]),
      [
        [0, [1], true],
        [2, [2], true],
      ],
    );
  });

  it("goes on after a pause in which the station counted on, without standing late", async () => {
    const { clock, talks, say } = rig();
    say(kitchen, 1);
    await clock.advance(5000);
    say(kitchen, 2);
    assert.equal(talks.length, 2);
    assert.equal(talks[1]?.times[0], clock.nowUs());
  });

  it("leaves out ourselves, probes, plain samples and what is no packet, and counts them", () => {
    const { ears, talks, say } = rig();
    say(hub, 1);
    ears.hear(Uint8Array.of(0xaa), { address: "192.0.2.7" });
    ears.hear(new Uint8Array(653), { address: "192.0.2.7" });
    for (const length of [0, 5, 300, 1400]) ears.hear(new Uint8Array(length), { address: "192.0.2.7" });
    const { own, probes, pcm, malformed, packets } = ears.counters;
    assert.deepEqual({ own, probes, pcm, malformed, packets }, { own: 1, probes: 1, pcm: 1, malformed: 4, packets: 0 });
    assert.equal(talks.length, 0);
  });

  it("is bounded: a flood of made-up senders costs no more than 64 talks, and the first one goes on", async () => {
    const { clock, talks, say, ears } = rig();
    say(kitchen, 1);
    for (let n = 0; n < 5000; n++) say(n.toString(16).padStart(16, "0"), n);
    await clock.advance(20);
    say(kitchen, 2);
    assert.equal(ears.talking.length, 64);
    assert.deepEqual(talks[0]?.words, [1, 2]);
    await clock.advance(600);
    assert.equal(ears.talking.length, 0);
  });
});
