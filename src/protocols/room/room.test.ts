import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createOpusDecoder, createOpusEncoder } from "../../codecs/opus/index.ts";
import { WireError } from "../../util/errors.ts";
import { isAuthentic, ReplayWindow, signRoomPacket } from "./authentic.ts";
import { codec } from "./constants.ts";
import { isRoomSilence, parseRoomDatagram, type RoomPacket, serializeRoomPacket } from "./packet.ts";
import { Sequencer } from "./sequencer.ts";
import { senderOfCard, senderOfName, stationIdOf } from "./station-id.ts";

const sender = "a0b1c2d3e4f50617";
const packet = (sequence: number, opus: Uint8Array = Uint8Array.from({ length: 40 }, (_, i) => i)): RoomPacket => ({
  sender,
  sequence,
  priority: 1,
  opus,
});

describe("a room's packet", () => {
  it("is laid out as the firmware has it, byte for byte", () => {
    const bytes = serializeRoomPacket(packet(0x01020304, Uint8Array.of(0x48, 9)));
    assert.equal(Buffer.from(bytes).toString("hex"), "a0b1c2d3e4f50617" + "01020304" + "01" + "4809");
    assert.deepEqual(parseRoomDatagram(bytes), { kind: "packet", packet: packet(0x01020304, bytes.subarray(13)) });
  });

  it("survives the way there and back, whatever is in it", () => {
    const any = fc.record({
      sender: fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => Buffer.from(bytes).toString("hex")),
      sequence: fc.nat(0xffff_ffff),
      priority: fc.constantFrom(0 as const, 1 as const, 2 as const),
      opus: fc.uint8Array({ maxLength: 243 }),
    });
    fc.assert(
      fc.property(any, (one) => {
        const parsed = parseRoomDatagram(serializeRoomPacket(one));
        assert.ok(parsed.kind === "packet");
        assert.deepEqual({ ...parsed.packet, opus: Uint8Array.from(parsed.packet.opus) }, { ...one });
      }),
    );
  });

  it("counts an unknown priority as normal", () => {
    const bytes = serializeRoomPacket(packet(1));
    bytes[12] = 3;
    const parsed = parseRoomDatagram(bytes);
    assert.ok(parsed.kind === "packet" && parsed.packet.priority === 0);
  });

  it("is told from a probe and from the successor's plain samples by its length", () => {
    assert.deepEqual(parseRoomDatagram(Uint8Array.of(0xaa)), { kind: "probe" });
    const pcm = new Uint8Array(653);
    pcm.set(Buffer.from(sender, "hex"));
    assert.deepEqual(parseRoomDatagram(pcm), { kind: "pcm", sender });
  });

  it("is refused when it is shorter than a header or longer than a station takes", () => {
    for (const length of [0, 2, 12, 257, 652, 1400]) {
      assert.throws(() => parseRoomDatagram(new Uint8Array(length)), WireError, `${length} bytes`);
    }
    assert.throws(() => serializeRoomPacket(packet(1, new Uint8Array(244))), RangeError);
  });

  it("is silence when there is next to nothing in it", () => {
    assert.equal(isRoomSilence(packet(1, new Uint8Array(9))), true);
    assert.equal(isRoomSilence(packet(1, new Uint8Array(10))), false);
  });
});

describe("a station's name", () => {
  it("is made of its network card's address as the firmware makes it", () => {
    const id = senderOfCard(Uint8Array.of(0x24, 0x6f, 0x28, 0xaa, 0xbb, 0xcc));
    assert.equal(id, "246f28aabbccb709");
    assert.equal(stationIdOf(id), `intercom_${id.slice(8)}`);
  });

  it("is made of a host's name as the original hub makes it", () => {
    assert.equal(senderOfName("homeassistant"), "bdda8e6a9dcfc322");
  });
});

describe("the packets of one sender", () => {
  const numbers = (given: readonly { readonly packet: RoomPacket; readonly lostBefore: number }[]) =>
    given.map(({ packet: { sequence }, lostBefore }) =>
      lostBefore > 0 ? `-${lostBefore} ${sequence}` : `${sequence}`,
    );

  it("are each given once when every one comes four times", () => {
    const sequencer = new Sequencer();
    const given = Array.from({ length: 100 }, (_, i) => i).flatMap((i) =>
      [0, 1, 2, 3].flatMap((copy) => sequencer.push(packet(i), i * 20_000 + copy * 300)),
    );
    assert.equal(given.length, 100);
    assert.deepEqual(sequencer.counters, { received: 400, duplicate: 300, lost: 0, restarts: 0 });
  });

  it("are put into order, and a missing one is waited for 60 ms and then counted", () => {
    const sequencer = new Sequencer();
    assert.deepEqual(numbers(sequencer.push(packet(7), 0)), ["7"]);
    assert.deepEqual(numbers(sequencer.push(packet(9), 20_000)), []);
    assert.deepEqual(numbers(sequencer.push(packet(8), 25_000)), ["8", "9"]);
    assert.deepEqual(numbers(sequencer.push(packet(12), 60_000)), []);
    assert.equal(sequencer.nextUs(), 120_000);
    assert.deepEqual(numbers(sequencer.expire(119_999)), []);
    assert.deepEqual(numbers(sequencer.expire(120_000)), ["-2 12"]);
    assert.deepEqual(numbers(sequencer.push(packet(11), 121_000)), []);
    assert.deepEqual(sequencer.counters, { received: 5, duplicate: 1, lost: 2, restarts: 0 });
  });

  it("go on over the end of 32 bits", () => {
    const sequencer = new Sequencer();
    const given = [0xffff_fffe, 0, 0xffff_ffff, 1].flatMap((sequence) => sequencer.push(packet(sequence), 0));
    assert.deepEqual(numbers(given), ["4294967294", "4294967295", "0", "1"]);
  });

  it("may be counted anew by a station that starts again; a single stray number leads nobody astray", () => {
    const sequencer = new Sequencer();
    sequencer.push(packet(50_000), 0);
    assert.deepEqual(numbers(sequencer.push(packet(3), 0)), []);
    assert.deepEqual(numbers(sequencer.push(packet(50_001), 0)), ["50001"]);
    const given = [0, 1, 2, 3].flatMap((sequence) => sequencer.push(packet(sequence), 0));
    assert.deepEqual(numbers(given), ["2", "3"]);
    assert.equal(sequencer.counters.restarts, 1);
  });

  it("come out once each and in order, whatever the network does to them", () => {
    const arrivals = fc.array(fc.record({ step: fc.integer({ min: -6, max: 8 }), ms: fc.nat(40) }), { maxLength: 200 });
    fc.assert(
      fc.property(arrivals, (steps) => {
        const sequencer = new Sequencer();
        let at = 1000;
        let nowUs = 0;
        let last = -1;
        let lost = 0;
        const take = (given: ReturnType<Sequencer["push"]>) => {
          for (const { packet: one, lostBefore } of given) {
            assert.ok(one.sequence > last);
            if (last >= 0) assert.equal(one.sequence - last - 1, lostBefore);
            lost += lostBefore;
            last = one.sequence;
          }
        };
        for (const { step, ms } of steps) {
          at = Math.max(1000, at + step);
          nowUs += ms * 1000;
          take(sequencer.push(packet(at), nowUs));
        }
        take(sequencer.end());
        assert.equal(sequencer.counters.lost, lost);
        assert.equal(sequencer.nextUs(), undefined);
      }),
    );
  });
});

describe("an authentic packet", () => {
  const key = Buffer.alloc(32, 7);

  it("is told from a plain one, from a changed one and from one under another key", async () => {
    using encoder = await createOpusEncoder({
      sampleRateHz: codec.sampleRateHz.value,
      channels: 1,
      packetLossPercent: 10,
    });
    const plain = serializeRoomPacket(packet(5, encoder.encode(new Uint8Array(640))));
    const signed = signRoomPacket(plain, { own: key })!;
    assert.equal(signed.length, plain.length + 12);
    assert.equal(isAuthentic(signed, key), true);
    assert.equal(isAuthentic(plain, key), false);
    assert.equal(isAuthentic(signed, Buffer.alloc(32, 8)), false);
    for (let at = 0; at < signed.length; at++) {
      const changed = Uint8Array.from(signed);
      changed[at]! ^= 1;
      assert.equal(isAuthentic(changed, key), false, `byte ${at}`);
    }
  });

  it("sounds the same to a decoder that knows nothing of it", async () => {
    using encoder = await createOpusEncoder({ sampleRateHz: 16_000, channels: 1, packetLossPercent: 10 });
    using one = await createOpusDecoder({ sampleRateHz: 16_000, channels: 1 });
    using other = await createOpusDecoder({ sampleRateHz: 16_000, channels: 1 });
    for (let n = 0; n < 20; n++) {
      const samples = Int16Array.from({ length: 320 }, (_, i) => 8000 * Math.sin(((n * 320 + i) * Math.PI) / 20));
      const plain = serializeRoomPacket(packet(n, encoder.encode(new Uint8Array(samples.buffer))));
      const signed = parseRoomDatagram(signRoomPacket(plain, { own: key })!);
      assert.ok(signed.kind === "packet");
      assert.deepEqual(other.decode(signed.packet.opus), one.decode(plain.subarray(13)));
    }
  });

  it("keeps the frames of packets with several, and leaves alone what has padding already", () => {
    for (const toc of [0x48, 0x49, 0x4a, 0x4b]) {
      const opus = Uint8Array.of(toc, 0x02, 1, 2, 3, 4);
      const signed = signRoomPacket(serializeRoomPacket(packet(1, opus)), { own: key })!;
      assert.equal(signed[13]! & 3, 3);
      assert.equal(signed[14]! & 0x3f, (toc & 3) === 0 ? 1 : 2);
      assert.equal(isAuthentic(signed, key), true);
    }
    assert.equal(
      signRoomPacket(serializeRoomPacket(packet(1, Uint8Array.of(0x4b, 0x41, 3, 1, 0, 0, 0))), { own: key }),
      undefined,
    );
    assert.equal(signRoomPacket(serializeRoomPacket(packet(1, new Uint8Array(0))), { own: key }), undefined);
  });

  it("counts once, and not when it is from long before", () => {
    const window = new ReplayWindow();
    assert.deepEqual(
      [5, 5, 3, 3, 70, 6, 7, 70, 0x7fff_ffff, 70].map((sequence) => window.take(sequence)),
      [...[true, false, true, false, true, false, true, false, true, false]],
    );
  });
});
