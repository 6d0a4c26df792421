import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { WireError } from "../util/errors.ts";
import { fromLengthPrefixed, joinAnnexB, splitAnnexB } from "./annexb.ts";

/** A unit without start codes inside and not ending in zero, as every encoder makes them. */
const nal = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => Uint8Array.from([...bytes.map((byte) => (byte < 4 ? byte + 4 : byte)), 0x80]));

test("units come out of Annex B with 3- and 4-byte start codes, trailing zeros and leading garbage", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ nal, zeros: fc.nat(4) }), { maxLength: 8 }), fc.nat(5), (units, garbage) => {
      const bytes = Buffer.concat([
        Buffer.alloc(garbage, 9),
        ...units.map((unit) => Buffer.concat([Buffer.alloc(2 + unit.zeros), Buffer.from([1]), unit.nal])),
        Buffer.alloc(3),
      ]);
      assert.deepEqual(
        splitAnnexB(bytes).map((one) => [...one]),
        units.map((unit) => [...unit.nal]),
      );
    }),
    { numRuns: 300 },
  );
});

test("joining and splitting give the same units back", () => {
  fc.assert(
    fc.property(fc.array(nal, { maxLength: 8 }), (nals) => {
      assert.deepEqual(splitAnnexB(joinAnnexB(nals)).map(Buffer.from), nals.map(Buffer.from));
    }),
    { numRuns: 300 },
  );
});

test("length-prefixed units come out for lengths of 1, 2 and 4 bytes", () => {
  for (const size of [1, 2, 4]) {
    const prefix = [...new Array<number>(size - 1).fill(0), 3];
    const bytes = Uint8Array.from([...prefix, 7, 8, 9, ...prefix, 1, 2, 3]);
    assert.deepEqual(
      fromLengthPrefixed(bytes, size).map((one) => [...one]),
      [
        [7, 8, 9],
        [1, 2, 3],
      ],
    );
  }
});

test("lengths that do not add up are refused before anything is read", () => {
  assert.throws(() => fromLengthPrefixed(Uint8Array.of(0, 0, 0, 9, 1)), WireError);
  assert.throws(() => fromLengthPrefixed(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1)), WireError);
  assert.throws(() => fromLengthPrefixed(Uint8Array.of(0, 0, 0)), WireError);
});

test("a flood of tiny units is refused", () => {
  const bytes = Buffer.concat(Array.from({ length: 9000 }, () => Uint8Array.of(0, 0, 1, 9)));
  assert.throws(() => splitAnnexB(bytes), WireError);
});
