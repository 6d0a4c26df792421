import assert from "node:assert/strict";
import { test } from "node:test";
import { ntpTime } from "./ntp.ts";
import { serializeRtp } from "./packet.ts";
import { replayTime } from "./replay-time.ts";

const plain = serializeRtp({
  payloadType: 96,
  marker: false,
  sequence: 1,
  timestamp: 9000,
  ssrc: 7,
  payload: Uint8Array.of(1, 2, 3),
});

/** The packet with a header extension of `profile` and these bytes. */
function extended(profile: number, bytes: Uint8Array): Uint8Array {
  const head = Buffer.from(plain.subarray(0, 12));
  head[0] = head.readUInt8(0) | 0x10;
  const extension = Buffer.alloc(4);
  extension.writeUInt16BE(profile, 0);
  extension.writeUInt16BE(bytes.length / 4, 2);
  return Buffer.concat([head, extension, bytes, plain.subarray(12)]);
}

test("ONVIF's header extension says when a packet's picture was taken", () => {
  const ntp = ntpTime(1_800_000_000_123_000);
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(ntp);
  assert.equal(replayTime(extended(0xabac, bytes)), ntp);
});

test("no other packet does, nor one that is cut", () => {
  assert.equal(replayTime(plain), undefined);
  assert.equal(replayTime(extended(0xbede, Buffer.alloc(12))), undefined);
  const whole = extended(0xabac, Buffer.alloc(12));
  for (let length = 0; length < 24; length++) assert.equal(replayTime(whole.subarray(0, length)), undefined);
});
