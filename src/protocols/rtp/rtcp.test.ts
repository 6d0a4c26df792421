import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { WireError } from "../../util/errors.ts";
import { isRtcp, parseRtcp, type RtcpPacket } from "./rtcp.ts";
import { serializeRtcp } from "./rtcp-write.ts";

/** Records like those that a parser makes. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(model, { noNullPrototype: true });

const uint32 = fc.nat(0xffffffff);
const report = record({
  ssrc: uint32,
  fractionLost: fc.nat(255),
  totalLost: fc.integer({ min: -(2 ** 23), max: 2 ** 23 - 1 }),
  highestSequence: uint32,
  jitter: uint32,
  lastReport: uint32,
  delaySinceLastReport: uint32,
});
const reports = fc.array(report, { maxLength: 4 });

const packet: fc.Arbitrary<RtcpPacket> = fc.oneof(
  record({
    type: fc.constant("sender-report" as const),
    ssrc: uint32,
    ntp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    rtpTimestamp: uint32,
    packets: uint32,
    bytes: uint32,
    reports,
  }),
  record({ type: fc.constant("receiver-report" as const), ssrc: uint32, reports }),
  record({
    type: fc.constant("source-description" as const),
    sources: fc.array(record({ ssrc: uint32, cname: fc.string({ maxLength: 40 }) }), { maxLength: 3 }),
  }),
  record({ type: fc.constant("goodbye" as const), ssrcs: fc.array(uint32, { maxLength: 3 }) }),
  record({ type: fc.constant("picture-loss" as const), ssrc: uint32, mediaSsrc: uint32 }),
  record({ type: fc.constant("full-intra-request" as const), ssrc: uint32, mediaSsrc: uint32 }),
  record({ type: fc.constant("receiver-estimate" as const), ssrc: uint32, bitrateBps: fc.nat(2 ** 18 - 1) }),
);

test("compound packets come back as they were written", () => {
  fc.assert(
    fc.property(fc.array(packet, { minLength: 1, maxLength: 5 }), (packets) => {
      const bytes = serializeRtcp(packets);
      assert.ok(isRtcp(bytes));
      assert.deepEqual(parseRtcp(bytes), packets);
    }),
    { numRuns: 300 },
  );
});

test("the sequences of a NACK come back, over the wrap too", () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.uniqueArray(fc.nat(200), { minLength: 1, maxLength: 40 }), (base, offsets) => {
      const sequences = offsets.sort((a, b) => a - b).map((offset) => (base + offset) & 0xffff);
      const [nack] = parseRtcp(serializeRtcp([{ type: "nack", ssrc: 1, mediaSsrc: 2, sequences }]));
      assert.ok(nack?.type === "nack");
      assert.deepEqual(nack.sequences, sequences);
    }),
    { numRuns: 300 },
  );
});

test("what a browser says that it could take is read: exponent and mantissa", () => {
  // 1,572,864 bit/s as Chromium writes it, about one source.
  const bytes = Buffer.from("8fce0005000000010000000052454d42010f000012345678", "hex");
  assert.deepEqual(parseRtcp(bytes), [{ type: "receiver-estimate", ssrc: 1, bitrateBps: 0x30000 * 8 }]);
  const [back] = parseRtcp(serializeRtcp([{ type: "receiver-estimate", ssrc: 1, bitrateBps: 5_000_000 }]));
  assert.ok(back?.type === "receiver-estimate" && Math.abs(back.bitrateBps / 5_000_000 - 1) < 1e-4);
  assert.deepEqual(parseRtcp(Buffer.from("8fce000200000001000000000", "hex")), []);
});

test("other types are passed over, malformed ones refused", () => {
  assert.deepEqual(parseRtcp(Uint8Array.of(0x80, 204, 0, 1, 1, 2, 3, 4)), []);
  assert.throws(() => parseRtcp(Uint8Array.of(0x80, 200, 0, 1, 1, 2, 3, 4)), WireError);
  assert.throws(() => parseRtcp(Uint8Array.of(0x40, 200, 0, 0)), WireError);
  assert.throws(() => parseRtcp(Uint8Array.of(0x80, 200, 0xff, 0xff)), WireError);
  assert.throws(() => parseRtcp(new Uint8Array(0)), WireError);
});
