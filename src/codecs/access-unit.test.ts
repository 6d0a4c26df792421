import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { frameHashes, makeClip } from "../../test/ffmpeg.ts";
import { seededRandom } from "../../test/mutate.ts";
import { AccessUnitSplitter } from "./access-unit.ts";
import { joinAnnexB, splitAnnexB } from "./annexb.ts";
import { nalFacts } from "./nal.ts";
import { ParameterSetKeeper } from "./video-format.ts";

const clips: Record<"h264" | "h265", Uint8Array> = { h264: Buffer.alloc(0), h265: Buffer.alloc(0) };

before(() => {
  clips.h264 = makeClip({ codec: "h264", bFrames: 2, slices: 3 });
  clips.h265 = makeClip({ codec: "h265", bFrames: 2 });
});

/** The stream in pieces of random sizes, up to `max` bytes. */
function* pieces(stream: Uint8Array, options: { seed: number; max: number }): Generator<Uint8Array> {
  const random = seededRandom(options.seed);
  for (let at = 0; at < stream.length; ) {
    const size = 1 + Math.floor(random() * options.max);
    yield stream.subarray(at, at + size);
    at += size;
  }
}

const split = (stream: Uint8Array, options: { seed: number; max: number }) => {
  const splitter = new AccessUnitSplitter();
  const units = [...pieces(stream, options)].flatMap((piece) => splitter.push(piece));
  return { splitter, units: [...units, ...splitter.flush()] };
};

const lengthPrefixed = (nals: readonly Uint8Array[]) =>
  Buffer.concat(
    nals.flatMap((nal) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      return [length, nal];
    }),
  );

const threeByteCodes = (nals: readonly Uint8Array[]) =>
  Buffer.concat(nals.flatMap((nal) => [Uint8Array.of(0, 0, 1), nal]));

for (const codec of ["h264", "h265"] as const) {
  describe(codec, () => {
    test("a stream in random pieces gives its pictures, bit for bit, and its codec is found", () => {
      const nals = splitAnnexB(clips[codec]);
      fc.assert(
        fc.property(fc.nat(), fc.constantFrom(3, 100, 1500, 65_536), (seed, max) => {
          const { splitter, units } = split(clips[codec], { seed, max });
          assert.equal(splitter.codec, codec);
          assert.equal(units.length, 50);
          assert.deepEqual(units.map((unit) => unit.key).filter(Boolean).length, 2);
          assert.equal(Buffer.compare(joinAnnexB(units.flatMap((unit) => unit.nals)), joinAnnexB(nals)), 0);
        }),
        { numRuns: 20 },
      );
    });

    test("3-byte start codes and AVCC packs give the same pictures", () => {
      const nals = splitAnnexB(clips[codec]);
      for (const stream of [threeByteCodes(nals), lengthPrefixed(nals)]) {
        const { units, splitter } = split(stream, { seed: 1, max: 900 });
        assert.equal(units.length, 50);
        assert.equal(splitter.resyncs, 0);
        assert.equal(Buffer.compare(joinAnnexB(units.flatMap((unit) => unit.nals)), joinAnnexB(nals)), 0);
      }
    });

    test("a stream that changes its framing at key frames keeps its pictures", () => {
      const { units } = split(clips[codec], { seed: 2, max: 9000 });
      const first = units.slice(0, 25).flatMap((unit) => unit.nals);
      const second = units.slice(25).flatMap((unit) => unit.nals);
      const mixed = Buffer.concat([joinAnnexB(first), lengthPrefixed(second), joinAnnexB(first)]);
      assert.equal(split(mixed, { seed: 3, max: 2000 }).units.length, 75);
    });

    test("a big pack that a hook could not convert is found behind the parameter set it is glued to", () => {
      const { units } = split(clips[codec], { seed: 9, max: 9000 });
      const big = (nal: Uint8Array) => nal.length > 4096 && nalFacts[codec].isKey([nal]);
      const stream = Buffer.concat(
        units.flatMap(({ nals }) => nals.map((nal) => (big(nal) ? lengthPrefixed([nal]) : joinAnnexB([nal])))),
      );
      const found = split(stream, { seed: 10, max: 2000 }).units;
      assert.deepEqual(
        found.map((unit) => unit.key),
        units.map((unit) => unit.key),
      );
    });

    test("the stream is found again after garbage and after a unit cut short", () => {
      const garbage = Uint8Array.from({ length: 5000 }, (_, i) => (i * 37) & 0xff);
      const { units } = split(clips[codec], { seed: 4, max: 9000 });
      const cut = joinAnnexB(units.slice(0, 10).flatMap((unit) => unit.nals));
      const stream = Buffer.concat([garbage, cut.subarray(0, cut.length - 300), clips[codec]]);
      const found = split(stream, { seed: 5, max: 2000 }).units;
      assert.equal(found.length, 60);
      assert.equal(
        Buffer.compare(joinAnnexB(found.slice(10).flatMap((unit) => unit.nals)), joinAnnexB(splitAnnexB(clips[codec]))),
        0,
      );
      const packs = Buffer.concat([
        lengthPrefixed(units[0]!.nals).subarray(0, 600),
        lengthPrefixed(splitAnnexB(clips[codec])),
      ]);
      assert.ok(split(packs, { seed: 6, max: 2000 }).units.length >= 25);
    });

    test("what the keeper prepares decodes to the same pictures, sets before each key frame exactly once", () => {
      const { units } = split(clips[codec], { seed: 7, max: 9000 });
      const keeper = new ParameterSetKeeper(codec);
      const frames = units.flatMap((unit) => keeper.prepare(unit.nals) ?? []);
      const ranks = codec === "h264" ? 2 : 3;
      for (const frame of frames.filter((one) => one.key)) {
        const head = splitAnnexB(frame.data).slice(0, ranks + 1);
        const sets = head.map((nal) => (codec === "h264" ? nal[0]! & 31 : nal[0]! >> 1));
        assert.deepEqual(sets.slice(0, ranks), codec === "h264" ? [7, 8] : [32, 33, 34]);
        assert.ok(!sets.slice(0, ranks).includes(sets[ranks]!));
      }
      const prepared = Buffer.concat(frames.map((frame) => frame.data));
      assert.deepEqual(frameHashes(prepared, codec), frameHashes(clips[codec], codec));
      const fromSecondKey = frames.slice(frames.findLastIndex((frame) => frame.key));
      assert.equal(
        frameHashes(Buffer.concat(fromSecondKey.map((frame) => frame.data)), codec).length,
        fromSecondKey.length,
      );
    });
  });
}

test("sets that were sent once, or in the SDP only, are put before every key frame", () => {
  const nals = splitAnnexB(clips.h264);
  const sets = nals.filter((nal) => [7, 8].includes(nal[0]! & 31)).slice(0, 2);
  const keeper = new ParameterSetKeeper("h264");
  const idr = nals.find((nal) => (nal[0]! & 31) === 5)!;
  assert.equal(keeper.prepare([idr]), undefined, "not decodable yet");
  keeper.add(sets);
  assert.equal(keeper.complete, true);
  const frame = keeper.prepare([idr])!;
  assert.equal(frame.key, true);
  assert.equal(Buffer.compare(frame.data, joinAnnexB([...sets, idr])), 0);
  assert.equal(keeper.prepare(sets), undefined, "no picture");
  assert.equal(keeper.version, 2);
});

test("a changed set before a picture that is no key frame goes out once", () => {
  const keeper = new ParameterSetKeeper("h264");
  const pps = (last: number) => Uint8Array.of(0x68, 0xee, 0x3c, last);
  const slice = Uint8Array.of(0x41, 0x9a, 0x55);
  assert.equal(splitAnnexB(keeper.prepare([pps(0x80), slice])!.data).length, 2);
  assert.equal(splitAnnexB(keeper.prepare([pps(0x80), slice])!.data).length, 1);
  assert.equal(splitAnnexB(keeper.prepare([pps(0x81), slice])!.data).length, 2);
  assert.equal(keeper.version, 2);
});

test("a unit beyond the limit is dropped and counted, and the next one is whole", () => {
  const splitter = new AccessUnitSplitter({ maxBytes: 40_000 });
  const { units } = split(clips.h264, { seed: 8, max: 9000 });
  const huge = joinAnnexB([...units[0]!.nals, Buffer.alloc(100_000, 7)]);
  const found = [...splitter.push(huge), ...splitter.push(clips.h264), ...splitter.flush()];
  assert.ok(splitter.oversized >= 1);
  assert.ok(found.length >= 49);
});

test("nothing but garbage costs no memory and gives no unit", () => {
  const splitter = new AccessUnitSplitter({ maxBytes: 100_000 });
  const noise = Uint8Array.from({ length: 64 * 1024 }, (_, i) => (i * i * 31) & 0xff);
  for (let i = 0; i < 200; i++) assert.deepEqual(splitter.push(noise), []);
  const zeros = new Uint8Array(64 * 1024);
  for (let i = 0; i < 200; i++) assert.deepEqual(splitter.push(zeros), []);
});
