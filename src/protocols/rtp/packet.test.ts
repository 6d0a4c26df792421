import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { WireError } from "../../util/errors.ts";
import { parseRtp, serializeRtp } from "./packet.ts";

const packet = fc.record(
  {
    payloadType: fc.nat(127),
    marker: fc.boolean(),
    sequence: fc.nat(0xffff),
    timestamp: fc.nat(0xffffffff),
    ssrc: fc.nat(0xffffffff),
    payload: fc.uint8Array({ maxLength: 60 }),
  },
  { noNullPrototype: true },
);

test("packets come back as they were written", () => {
  fc.assert(
    fc.property(packet, (one) => assert.deepEqual(parseRtp(serializeRtp(one)), one)),
    { numRuns: 300 },
  );
});

test("contributing sources, extension and padding are left behind", () => {
  fc.assert(
    fc.property(packet, fc.nat(15), fc.nat(5), fc.nat(20), (one, sources, words, padding) => {
      const plain = serializeRtp(one);
      const pad = padding === 0 ? new Uint8Array(0) : Uint8Array.from([...new Uint8Array(padding - 1), padding]);
      const extension = Buffer.concat([Uint8Array.of(0xbe, 0xde, 0, words), new Uint8Array(words * 4)]);
      const bytes = Buffer.concat([plain.subarray(0, 12), new Uint8Array(sources * 4), extension, one.payload, pad]);
      bytes[0] = 0x90 | sources | (padding > 0 ? 0x20 : 0);
      assert.equal(Buffer.compare(parseRtp(bytes).payload, one.payload), 0);
    }),
    { numRuns: 300 },
  );
});

test("malformed headers are refused", () => {
  const table: [string, number[]][] = [
    ["short", [0x80, 96, 0, 1]],
    ["version 1", [0x40, ...new Array<number>(11).fill(0)]],
    ["sources beyond", [0x8f, ...new Array<number>(11).fill(0)]],
    ["extension beyond", [0x90, ...new Array<number>(13).fill(0), 0xff, 0xff]],
    ["padding beyond", [0xa0, ...new Array<number>(11).fill(0), 200]],
  ];
  for (const [name, bytes] of table) assert.throws(() => parseRtp(Uint8Array.from(bytes)), WireError, name);
});
