import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../../util/clock.ts";
import { PacketTrack } from "./packet-track.ts";
import { createPacketizer } from "./packetize.ts";
import { isRtcp } from "./rtcp.ts";
import { RtpSender } from "./sender.ts";

/** A track and viewers of it, who keep the bytes that they were sent. */
function set() {
  const cut = createPacketizer("h264");
  const clock = new ManualClock();
  const track = new PacketTrack({ kind: "video", clock, latencyUs: 0 });
  let written = 0;
  const write = (key: boolean, bytes = 5000) => {
    const data = new Uint8Array(bytes).fill(++written);
    data.set([0, 0, 0, 1, key ? 0x65 : 0x41]);
    track.write({ payloads: cut(data), key, replay: false, timestampUs: clock.nowUs() });
  };
  const viewer = (resends: boolean) => {
    const sent: Buffer[] = [];
    let room = Number.POSITIVE_INFINITY;
    let down = false;
    let refused: number | undefined;
    const sink = {
      sendMessageBinary: (packet: Buffer) => {
        if (down) throw new Error("Track is closed");
        if (isRtcp(packet)) return true;
        if (sequenceOf(packet) === refused) throw new Error("SRTP protect error");
        if (room-- <= 0) return false;
        sent.push(Buffer.from(packet));
        return true;
      },
    };
    const queue = { push: () => {}, remove: () => {} } as never;
    const numbers = { payloadType: 96, clockRateHz: 90_000, ssrc: viewers++, cname: "cam" };
    const sender = new RtpSender({ track, sink, queue, clock, resends, ...numbers });
    const send = () => {
      for (let left: number | undefined = 0; left === 0; left = sender.sendSome());
    };
    const refuse = (sequence: number) => (refused = sequence);
    return { sent, sender, send, refuse, allow: (packets: number) => (room = packets), fail: () => (down = true) };
  };
  let viewers = 7;
  return { clock, track, write, viewer };
}

const sequenceOf = (packet: Buffer) => packet.readUInt16BE(2);

describe("sending lost packets again", () => {
  it("sends the same bytes, wherever sending was broken off, and never other bytes under a number", async () => {
    const anyStep = fc.oneof(
      fc.record({ do: fc.constant("write" as const), key: fc.boolean(), bytes: fc.integer({ min: 20, max: 9000 }) }),
      fc.record({ do: fc.constant("room" as const), packets: fc.integer({ min: 0, max: 8 }) }),
      fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 1500 }) }),
      fc.record({ do: fc.constant("lost" as const), back: fc.integer({ min: 0, max: 40 }) }),
      fc.constantFrom({ do: "send" as const }, { do: "restart" as const }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 60 }), async (plan) => {
        const { clock, write, viewer } = set();
        const [one, other] = [viewer(true), viewer(true)];
        write(true);
        const known = new Map<number, string>();
        for (const step of plan) {
          if (step.do === "write") write(step.key, step.bytes);
          else if (step.do === "room") one.allow(step.packets);
          else if (step.do === "wait") await clock.advance(step.ms);
          else if (step.do === "send") [one, other].forEach(({ send }) => void send());
          else if (step.do === "restart") one.sender.restart();
          else if (one.sent.length > step.back) one.sender.resend([sequenceOf(one.sent.at(-1 - step.back)!)]);
        }
        for (const packet of one.sent) {
          const text = packet.toString("base64");
          assert.equal(known.get(sequenceOf(packet)) ?? text, text);
          known.set(sequenceOf(packet), text);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("sends each packet that was asked for, in that order", () => {
    const { write, viewer } = set();
    const [one, other] = [viewer(true), viewer(true)];
    write(true);
    for (const { send } of [one, other]) send();
    const first = [...one.sent];
    one.sender.resend([sequenceOf(first[3]!), sequenceOf(first[0]!)]);
    assert.deepEqual(one.sent.slice(first.length), [first[3], first[0]]);
    assert.equal(one.sender.counters.packets, first.length, "they count once");
  });

  it("remembers the last 64 frames, and passes over older packets and numbers that were never sent", () => {
    const { write, viewer } = set();
    const one = viewer(true);
    for (let i = 0; i < 65; i++) {
      write(i === 0, 100);
      one.send();
    }
    const first = [...one.sent];
    assert.equal(first.length, 65);
    one.sender.resend([sequenceOf(first[0]!), (one.sender.sequence + 1) & 0xffff, one.sender.sequence]);
    assert.equal(one.sent.length, 65);
    one.sender.resend([sequenceOf(first[1]!)]);
    assert.deepEqual(one.sent.at(-1), first[1]);
  });

  it("passes over what is 1000 numbers behind the newest, which SRTP would refuse, within a frame as across frames", () => {
    const { write, viewer } = set();
    for (const frameBytes of [60_000, 1_800_000]) {
      const one = viewer(true);
      write(true, 100);
      one.send();
      for (let left = 1_800_000; left > 0; left -= frameBytes) {
        write(false, frameBytes);
        one.send();
      }
      const first = [...one.sent];
      assert.ok(first.length > 1100);
      one.sender.resend([first[0]!, first.at(-1001)!].map(sequenceOf));
      assert.equal(one.sent.length, first.length);
      one.sender.resend([first.at(-1000)!, first.at(-1)!].map(sequenceOf));
      assert.deepEqual(one.sent.slice(first.length), [first.at(-1000), first.at(-1)]);
    }
  });

  it("holds no more than 2 MiB of frames that are over, and the newest whatever its size", () => {
    const { write, viewer } = set();
    const one = viewer(true);
    write(true, 3_000_000);
    one.send();
    const large = one.sent.at(-1)!;
    one.sender.resend([sequenceOf(large)]);
    assert.deepEqual(one.sent.at(-1), large);
    write(false, 100);
    one.send();
    const before = one.sent.length;
    one.sender.resend([sequenceOf(large)]);
    assert.equal(one.sent.length, before);
  });

  it("counts a frame once that left in several goes", () => {
    const { write, viewer } = set();
    const one = viewer(true);
    write(true, 100);
    one.send();
    write(false, 100_000);
    for (let i = 0; i < 80; i++) {
      one.allow(1);
      one.send();
    }
    const first = [...one.sent];
    assert.equal(first.length, 81);
    one.allow(2);
    one.sender.resend([first[0]!, first[40]!].map(sequenceOf));
    assert.deepEqual(one.sent.slice(first.length), [first[0], first[40]]);
  });

  it("goes on with the others, and with the picture, when the library refuses one", () => {
    const { write, viewer } = set();
    const one = viewer(true);
    write(true);
    one.send();
    const first = [...one.sent];
    one.refuse(sequenceOf(first[0]!));
    one.sender.resend([first[0]!, first[1]!].map(sequenceOf));
    assert.deepEqual(one.sent.slice(first.length), [first[1]]);
    write(false);
    one.send();
    assert.ok(one.sent.length > first.length + 1);
  });

  it("counts numbers that it does not know as those that it sends", async () => {
    const { clock, write, viewer } = set();
    const one = viewer(true);
    write(true, 100);
    one.send();
    const unknown = Array<number>(1000).fill((one.sender.sequence + 1) & 0xffff);
    one.sender.resend([...unknown, sequenceOf(one.sent[0]!)]);
    assert.equal(one.sent.length, 1);
    await clock.advance(100);
    one.sender.resend([sequenceOf(one.sent[0]!)]);
    assert.equal(one.sent.length, 2);
  });

  it("sends no more than 1000 packets at once, and 3000 a second", async () => {
    const { clock, write, viewer } = set();
    const one = viewer(true);
    write(true, 500);
    one.send();
    const asked = Array<number>(5000).fill(sequenceOf(one.sent[0]!));
    const before = one.sent.length;
    one.sender.resend(asked);
    assert.equal(one.sent.length - before, 1000);
    await clock.advance(100);
    one.sender.resend(asked);
    assert.equal(one.sent.length - before, 1300);
  });

  it("sends nothing again where that was not asked for, once it is over, or when the connection went down", () => {
    const { track, write, viewer } = set();
    const [without, over, down] = [viewer(false), viewer(true), viewer(true)];
    write(true, 100);
    for (const { send } of [without, over, down]) send();
    over.sender[Symbol.dispose]();
    down.fail();
    for (const { sender, sent } of [without, over, down]) {
      sender.resend([sequenceOf(sent[0]!)]);
      assert.equal(sent.length, 1);
    }
    assert.ok(track.readers.has(down.sender), "a refusal alone does not end the picture");
    write(false, 100);
    down.send();
    assert.ok(!track.readers.has(down.sender), "the next frame does, when the connection is down");
  });
});
