import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ManualClock } from "../../util/clock.ts";
import { parseRtp, type RtpPacket } from "./packet.ts";
import { PacketTrack } from "./packet-track.ts";
import { createPacketizer } from "./packetize.ts";
import { isRtcp } from "./rtcp.ts";
import { RtpSender } from "./sender.ts";

/** Two pictures of one device, and one viewer who begins with the large one. */
function set() {
  const cut = createPacketizer("h264");
  const clock = new ManualClock();
  const track = () => new PacketTrack({ kind: "video", clock, latencyUs: 0 });
  const [large, small] = [track(), track()];
  const packets: RtpPacket[] = [];
  let room = Number.POSITIVE_INFINITY;
  const sink = {
    sendMessageBinary: (packet: Buffer) => {
      if (isRtcp(packet)) return true;
      if (room-- <= 0) return false;
      packets.push(parseRtp(Buffer.from(packet)));
      return true;
    },
  };
  let waits = false;
  const queue = { push: () => (waits = true), remove: () => {} } as never;
  const sender = new RtpSender({
    ...{ track: large, sink, queue, clock, ssrc: 7, cname: "cam" },
    ...{ payloadType: 96, clockRateHz: 90_000 },
  });
  const write = (to: PacketTrack, { key = false, bytes = 100, mark = 0 } = {}) => {
    const data = new Uint8Array(bytes).fill(mark);
    data.set([0, 0, 0, 1, key ? 0x65 : 0x41]);
    to.write({ payloads: cut(data), key, replay: false, timestampUs: clock.nowUs() });
  };
  const serve = async () => {
    while (waits) {
      waits = false;
      for (let ms = sender.sendSome(); ms !== undefined; ms = sender.sendSome()) {
        if (room <= 0 && ms > 0) return;
        await clock.advance(ms);
      }
    }
  };
  return { clock, large, small, packets, sender, write, serve, allow: (count: number) => (room = count) };
}

const inARow = (packets: readonly RtpPacket[]) =>
  packets.every(({ sequence }, i) => i === 0 || sequence === ((packets[i - 1]!.sequence + 1) & 0xffff));

describe("turning a viewer to another track", () => {
  it("sends the one of before until the other's key frame, and numbers and times go on", async () => {
    const { clock, large, small, packets, sender, write, serve } = set();
    let turned = 0;
    write(large, { key: true, mark: 1 });
    await serve();
    sender.turnTo(small, () => turned++);
    for (const key of [false, false, true, false]) {
      await clock.advance(40);
      write(small, { key, mark: 2 });
      write(large, { mark: 1 });
      await serve();
    }
    assert.deepEqual(
      packets.map(({ payload }) => payload.at(-1)),
      [1, 1, 1, 2, 2],
    );
    assert.ok(inARow(packets));
    assert.deepEqual(
      packets.slice(1).map(({ timestamp }, i) => (timestamp - packets[i]!.timestamp) >>> 0),
      [3600, 3600, 3600, 3600],
    );
    assert.equal(turned, 1);
    assert.equal(large.readers.size, 0);
  });

  it("sends a frame of which a part has left to its end first", async () => {
    const { large, small, packets, sender, write, serve, allow } = set();
    sender.turnTo(small, () => {});
    allow(2);
    write(large, { key: true, bytes: 5000, mark: 1 });
    await serve();
    write(small, { key: true, mark: 2 });
    allow(Number.POSITIVE_INFINITY);
    await serve();
    assert.ok(inARow(packets));
    assert.deepEqual(
      packets.filter(({ marker }) => marker).map(({ payload }) => payload.at(-1)),
      [1, 2],
    );
  });

  it("takes a key frame that has just come, and waits for the next where it is old", async () => {
    const { clock, large, small, packets, sender, write, serve } = set();
    write(small, { key: true, mark: 2 });
    write(large, { key: true, mark: 1 });
    await serve();
    sender.turnTo(small, () => {});
    await serve();
    assert.equal(packets.at(-1)?.payload.at(-1), 2);
    await clock.advance(2000);
    sender.turnTo(large, () => {});
    await serve();
    assert.equal(packets.length, 2);
  });

  it("stays where it is when it is turned back before the key frame", async () => {
    const { large, small, packets, sender, write, serve } = set();
    write(large, { key: true, mark: 1 });
    await serve();
    let told = "";
    sender.turnTo(small, () => (told += "small"));
    sender.turnTo(large, () => (told += "large"));
    write(small, { key: true, mark: 2 });
    write(large, { mark: 1 });
    await serve();
    assert.equal(told, "large");
    assert.equal(small.readers.size, 0);
    assert.equal(packets.length, 2);
  });

  it("leaves nothing behind when the viewer goes while it waits", () => {
    const { large, small, sender } = set();
    sender.turnTo(small, () => {});
    sender[Symbol.dispose]();
    assert.equal(large.readers.size + small.readers.size, 0);
  });
});
