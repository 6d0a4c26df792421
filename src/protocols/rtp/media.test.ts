import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { frameHashes, makeClip } from "../../../test/ffmpeg.ts";
import { seededRandom } from "../../../test/mutate.ts";
import { AccessUnitSplitter } from "../../codecs/access-unit.ts";
import { joinAnnexB } from "../../codecs/annexb.ts";
import { nalFacts } from "../../codecs/nal.ts";
import type { AudioCodec, NalCodec } from "../../media/format.ts";
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
function packets(codec: NalCodec | AudioCodec, frames: readonly Uint8Array[], maxPayloadBytes = 1200): RtpPacket[] {
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

/** Its memory is used again by what comes next. */
const kept = (unit: RtpUnit): RtpUnit => ({
  ...unit,
  nals: unit.nals.map((nal) => new Uint8Array(nal)),
  data: new Uint8Array(unit.data),
});

/** As the hub takes units, and with payloads that are gone as soon as they were pushed. */
const receive = (depacketizer: Depacketizer, all: readonly RtpPacket[]): RtpUnit[] => {
  const units = all.flatMap((packet) => {
    const payload = new Uint8Array(packet.payload);
    const given = depacketizer.push({ ...packet, payload }).map(kept);
    if (depacketizer.borrows) payload.fill(0xee);
    return given;
  });
  return [...units, ...depacketizer.flush().map(kept)];
};

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
      const units = receive(open(), never);
      assert.equal(units.length, clips[codec].length);
      const many = packets(codec, clips[codec], 300).map((packet) => ({ ...packet, marker: true }));
      const lying = receive(open(), many);
      assert.equal(lying.filter(({ nals }) => nals.some(nalFacts[codec].isSlice)).length, clips[codec].length);
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
  const [unit] = receive(depacketizer, [
    { payloadType: 96, marker: true, sequence: 1, timestamp: 0, ssrc: 1, payload },
  ]);
  assert.deepEqual(
    unit?.nals.map((nal) => nal[0]! & 31),
    [7, 8, 5],
  );
});

describe("H.264 as cameras cut it", () => {
  const sps = Uint8Array.of(0x67, 0x42, 0xc0, 0x1e, 0x95);
  const pps = Uint8Array.of(0x68, 0xce, 0x3c, 0x80);
  const long = Uint8Array.from({ length: 3000 }, (_, i) => (i === 0 ? 0x65 : i === 1 ? 0x88 : (i & 0x7f) + 9));
  const short = Uint8Array.of(0x65, 0x88, 0x84, 0x21);
  const code = Uint8Array.of(0, 0, 0, 1);
  const shortCode = Uint8Array.of(0, 0, 1);
  const pieces = (bytes: Uint8Array, size: number) =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
  /** FU-A of any bytes, whose first one is taken for the unit's header. */
  const fuA = (bytes: Uint8Array) =>
    pieces(bytes.subarray(1), 1000).map((piece, i, all) => {
      const flags = (i === 0 ? 0x80 : 0) | (i === all.length - 1 ? 0x40 : 0);
      return Buffer.concat([Uint8Array.of((bytes[0]! & 0xe0) | 28, flags | (bytes[0]! & 31)), piece]);
    });
  const aggregate = (nals: readonly Uint8Array[], behind: readonly number[] = []) =>
    Buffer.concat([
      Uint8Array.of(0x78),
      ...nals.flatMap((nal) => [Uint8Array.of(nal.length >> 8, nal.length), nal]),
      Uint8Array.from(behind),
    ]);
  const lengths = (nals: readonly Uint8Array[]) =>
    Buffer.concat(nals.flatMap((nal) => [Uint8Array.of(0, 0, nal.length >> 8, nal.length), nal]));
  const stream = (nals: readonly Uint8Array[]) => Buffer.concat(nals.flatMap((nal) => [code, nal]));

  const ways: readonly [string, readonly Uint8Array[], readonly Uint8Array[]][] = [
    ["a start code before a unit", [Buffer.concat([code, short])], [short]],
    ["a short start code before a unit", [Buffer.concat([shortCode, short])], [short]],
    ["several units with start codes in one packet", [stream([sps, pps, short])], [sps, pps, short]],
    ["a byte stream cut anywhere", pieces(stream([sps, pps, long]), 1200), [sps, pps, long]],
    [
      "start codes inside FU-A of the parameter set's type",
      fuA(stream([sps, pps, long]).subarray(4)),
      [sps, pps, long],
    ],
    ["FU-A of the start code itself", fuA(stream([sps, long])), [sps, long]],
    ["FU-A with header, start code and header again", fuA(Buffer.concat([Uint8Array.of(0x65), code, long])), [long]],
    ["small units with start codes, long ones as FU-A", [stream([sps]), stream([pps]), ...fuA(long)], [sps, pps, long]],
    ["units behind their lengths, as in MP4", [lengths([sps, pps, short])], [sps, pps, short]],
    ["an aggregate with an odd zero behind it", [aggregate([sps, pps], [0]), short], [sps, pps, short]],
    ["an aggregate with zeros behind it", [aggregate([sps, pps], [0, 0, 0, 0, 0, 0]), short], [sps, pps, short]],
    ["an aggregate with rubbish behind it", [aggregate([sps, pps], [9, 9]), short], [sps, pps, short]],
    [
      "STAP-B with its order number",
      [Buffer.concat([Uint8Array.of(0x79, 1, 2), aggregate([sps, pps]).subarray(1)]), short],
      [sps, pps, short],
    ],
  ];
  for (const [name, payloads, wanted] of ways) {
    test(`${name}: is taken apart`, () => {
      const units = receive(
        createDepacketizer({ codec: "h264", clockRateHz: 90_000 }),
        payloads.map((payload, i) => ({
          payloadType: 96,
          marker: i === payloads.length - 1,
          sequence: i,
          timestamp: 0,
          ssrc: 1,
          payload,
        })),
      );
      assert.deepEqual(
        units.map(({ nals, complete }) => [complete, ...nals.map((nal) => Buffer.from(nal).toString("hex"))]),
        [[true, ...wanted.map((nal) => Buffer.from(nal).toString("hex"))]],
      );
    });
  }

  test("an aggregate whose last unit is cut keeps the others, and the unit counts as incomplete", () => {
    const depacketizer = createDepacketizer({ codec: "h264", clockRateHz: 90_000 });
    const payload = aggregate([sps, pps, short]).subarray(0, -2);
    const packet = { payloadType: 96, marker: true, sequence: 1, timestamp: 0, ssrc: 1, payload };
    const [unit] = receive(depacketizer, [packet]);
    assert.deepEqual([unit?.complete, unit?.nals.length], [false, 2]);
  });
});

describe("the marker", () => {
  const slice = (first: boolean, n: number) => Uint8Array.of(0x61, first ? 0x9a : 0x40, 1, 2, n + 1);
  const packet = (
    n: number,
    options: { readonly time: number; readonly first: boolean; readonly marker: boolean },
  ) => ({
    ...{ payloadType: 96, sequence: n, timestamp: options.time, ssrc: 1, marker: options.marker },
    payload: slice(options.first, n),
  });
  /** Pictures of three slices each, told apart by `marks`. */
  const pictures = (count: number, how: { readonly marks: readonly boolean[]; readonly time: (i: number) => number }) =>
    Array.from({ length: count * 3 }, (_, n) =>
      packet(n, { time: how.time(Math.floor(n / 3)), first: n % 3 === 0, marker: how.marks[n % 3] ?? false }),
    );
  const sizes = (packets: RtpPacket[]) => {
    const units = receive(createDepacketizer({ codec: "h264", clockRateHz: 90_000 }), packets);
    const bytes = units.flatMap(({ nals }) => nals);
    const whole = packets.every(({ payload }, i) => Buffer.from(payload).equals(bytes[i] ?? new Uint8Array(0)));
    assert.ok(whole, "each unit is as it was sent");
    return units.map(({ nals }) => nals.length);
  };

  for (const [name, marks] of [
    ["on each slice", [true, true, true]],
    ["on the first slice", [true, false, false]],
    ["in the middle", [false, true, false]],
    ["on the last slice", [false, false, true]],
    ["nowhere", [false, false, false]],
  ] as const) {
    test(`${name}: every picture is whole, from the first one on`, () => {
      assert.deepEqual(sizes(pictures(6, { marks, time: (i) => i * 3600 })), [3, 3, 3, 3, 3, 3]);
    });
  }

  for (const marks of [
    [true, true, true],
    [false, false, true],
  ] as const) {
    test(`${marks}, with a clock that stands still: pictures end where the next one begins`, () => {
      assert.deepEqual(sizes(pictures(6, { marks, time: () => 0 })), [3, 3, 3, 3, 3, 3]);
    });
  }

  test("ends a picture at once after a few, and the first ones after a while", () => {
    const depacketizer = createDepacketizer({ codec: "h264", clockRateHz: 90_000 });
    const all = pictures(6, { marks: [false, false, true], time: (i) => i * 3600 });
    const first = all.slice(0, 3).flatMap((one) => depacketizer.push(one));
    assert.deepEqual([first.length, depacketizer.settle?.().length, depacketizer.settle?.().length], [0, 0, 1]);
    for (const one of all.slice(3, 15)) depacketizer.push(one);
    assert.equal(all.slice(15).flatMap((one) => depacketizer.push(one)).length, 1);
  });
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
