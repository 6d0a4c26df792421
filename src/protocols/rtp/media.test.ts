import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { frameHashes, makeClip } from "../../../test/ffmpeg.ts";
import { seededRandom } from "../../../test/mutate.ts";
import { AccessUnitSplitter } from "../../codecs/access-unit.ts";
import { joinAnnexB } from "../../codecs/annexb.ts";
import type { AudioCodec, VideoCodec } from "../../media/format.ts";
import { createDepacketizer, type Depacketizer, type RtpUnit } from "./depacketize.ts";
import { parseRtp, type RtpPacket, serializeRtp } from "./packet.ts";
import { createPacketizer } from "./packetize.ts";

const clips = { h264: [] as Uint8Array[], h265: [] as Uint8Array[] };

before(() => {
  for (const codec of ["h264", "h265"] as const) {
    const splitter = new AccessUnitSplitter();
    const clip = makeClip({ codec, frames: 30, bFrames: 2, slices: 3 });
    clips[codec] = [...splitter.push(clip), ...splitter.flush()].map((unit) => joinAnnexB(unit.nals));
  }
});

/** Packets of these frames as they would be on the wire. */
function packets(codec: VideoCodec | AudioCodec, frames: readonly Uint8Array[], maxPayloadBytes = 1200): RtpPacket[] {
  const packetize = createPacketizer(codec, { maxPayloadBytes });
  let sequence = 65_500;
  return frames.flatMap((frame, i) =>
    packetize(frame).map(({ payload, marker, timestampOffset }) => {
      assert.ok(payload.length <= maxPayloadBytes);
      const timestamp = (0xfffff000 + i * 3600 + timestampOffset) >>> 0;
      return parseRtp(
        serializeRtp({ payloadType: 96, marker, sequence: sequence++ & 0xffff, timestamp, ssrc: 7, payload }),
      );
    }),
  );
}

const receive = (depacketizer: Depacketizer, all: readonly RtpPacket[]): RtpUnit[] =>
  all.flatMap((packet) => depacketizer.push(packet));

for (const codec of ["h264", "h265"] as const) {
  describe(codec, () => {
    const open = () => createDepacketizer({ codec, clockRateHz: 90_000 });

    test("a real stream comes through bit for bit, whatever the packet size", () => {
      for (const size of [40, 200, 1200, 60_000]) {
        const units = receive(open(), packets(codec, clips[codec], size));
        assert.deepEqual(
          units.map((unit) => Buffer.compare(joinAnnexB(unit.nals), clips[codec][units.indexOf(unit)]!)),
          clips[codec].map(() => 0),
        );
        assert.ok(units.every((unit) => unit.complete && !unit.gap));
      }
    });

    test("units of any sizes come back", () => {
      const nal = fc.uint8Array({ minLength: 4, maxLength: 400 }).map((bytes) => {
        const one = Uint8Array.from(bytes, (byte) => byte | 8);
        one.set(codec === "h264" ? [0x41] : [0x02, 0x01]);
        return one;
      });
      fc.assert(
        fc.property(fc.array(nal, { minLength: 1, maxLength: 6 }), fc.integer({ min: 8, max: 500 }), (nals, size) => {
          const frame = joinAnnexB(nals);
          const [unit] = receive(open(), packets(codec, [frame], size));
          assert.equal(Buffer.compare(joinAnnexB(unit?.nals ?? []), frame), 0);
        }),
        { numRuns: 300 },
      );
    });

    test("without markers, and with a marker on every slice, units end where the timestamp changes", () => {
      const never = packets(codec, clips[codec], 300).map((packet) => ({ ...packet, marker: false }));
      const depacketizer = open();
      const units = [...receive(depacketizer, never), ...depacketizer.flush()];
      assert.equal(units.length, clips[codec].length);
      const many = packets(codec, clips[codec], 300).map((packet) => ({ ...packet, marker: true }));
      const lying = receive(open(), many);
      const first = codec === "h264" ? 3 : 1;
      assert.ok(lying.length <= clips[codec].length + first);
    });

    test("a lost packet spoils its unit only, and says so", () => {
      const all = packets(codec, clips[codec], 300);
      const random = seededRandom(1);
      for (let n = 0; n < 40; n++) {
        const lost = 1 + Math.floor(random() * (all.length - 2));
        const units = receive(open(), all.toSpliced(lost, 1));
        const gone = all[lost]!.timestamp;
        for (const unit of units) {
          if (unit.timestamp !== gone) assert.ok(unit.complete, "others are whole");
          else assert.ok(!unit.complete || unit.gap, "the loss is told");
        }
        assert.ok(units.some((unit) => unit.gap) || gone === all.at(-1)!.timestamp);
      }
    });

    test("decoded, it is the same pictures", () => {
      const units = receive(open(), packets(codec, clips[codec]));
      const seen = Buffer.concat(units.map((unit) => joinAnnexB(unit.nals)));
      assert.deepEqual(frameHashes(seen, codec), frameHashes(Buffer.concat(clips[codec]), codec));
    });
  });
}

test("H.264: parameter sets and picture sent as one unit with start codes inside are taken apart", () => {
  const payload = Buffer.concat([
    Uint8Array.of(0x67, 0x42, 0xc0, 0x1e, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80, 0, 0, 0, 1, 0x65, 0x88, 0x84),
  ]);
  const depacketizer = createDepacketizer({ codec: "h264", clockRateHz: 90_000 });
  const [unit] = depacketizer.push({ payloadType: 96, marker: true, sequence: 1, timestamp: 0, ssrc: 1, payload });
  assert.deepEqual(
    unit?.nals.map((nal) => nal[0]! & 31),
    [7, 8, 5],
  );
});

test("a packet of an unknown kind is dropped and counted", () => {
  const depacketizer = createDepacketizer({ codec: "h264", clockRateHz: 90_000 });
  const packet = { payloadType: 96, marker: true, sequence: 1, timestamp: 0, ssrc: 1 };
  assert.deepEqual(depacketizer.push({ ...packet, payload: Uint8Array.of(30, 1, 2) }), []);
  assert.equal(depacketizer.counters.malformed, 1);
});

test("sound packets come back: Opus, G.711, G.722, PCM, AAC whole and in pieces", () => {
  for (const codec of ["opus", "pcmu", "pcma", "g722", "pcm_s16le", "aac"] as const) {
    const frames = [160, 320, 640, 1100].map((length) => Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff));
    const depacketizer = createDepacketizer({ codec, clockRateHz: 48_000 });
    const size = codec === "opus" ? 1200 : 400;
    const units = receive(depacketizer, packets(codec, frames, size));
    assert.equal(Buffer.compare(Buffer.concat(units.map((unit) => unit.data)), Buffer.concat(frames)), 0, codec);
    if (codec === "aac" || codec === "opus") assert.equal(units.length, frames.length);
    assert.ok(units.every((unit) => unit.complete && !unit.gap));
  }
});

test("several AAC blocks in one packet follow each other by 1024 samples", () => {
  const payload = Uint8Array.of(0, 32, 0, 2 << 3, 0, 3 << 3, 1, 2, 3, 4, 5);
  const depacketizer = createDepacketizer({ codec: "aac", clockRateHz: 16_000 });
  const units = depacketizer.push({
    payloadType: 97,
    marker: true,
    sequence: 9,
    timestamp: 0xfffffc00,
    ssrc: 1,
    payload,
  });
  assert.deepEqual(
    units.map((unit) => [unit.timestamp, [...unit.data]]),
    [
      [0xfffffc00, [1, 2]],
      [0, [3, 4, 5]],
    ],
  );
});

test("what is made once is the same for everyone: a packetizer keeps no state", () => {
  const packetize = createPacketizer("h264");
  const [frame] = clips.h264;
  assert.deepEqual(packetize(frame!), packetize(frame!));
});
