import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { createOpusDecoder, createOpusEncoder } from "../../codecs/opus/index.ts";
import { groupKeyIdOf, isAuthentic, isOfGroup, ReplayWindow, signRoomPacket } from "./authentic.ts";
import { openGroupKey, sealGroupKey } from "./group-key.ts";
import { serializeRoomPacket } from "./packet.ts";

const own = Buffer.alloc(32, 7);
const group = { id: 200, key: Buffer.alloc(32, 9) };
const sender = "00112233445566aa";

describe("the key of a group", () => {
  it("reaches the station that it is for and nobody else, whole or not at all", () => {
    const message = { ...group, sequence: 0xfedc_ba98, anyEmergency: true };
    const sealed = sealGroupKey(message, own);
    const opened = openGroupKey(sealed, own);
    assert.deepEqual({ ...opened, key: Buffer.from(opened?.key ?? []) }, message);
    assert.notEqual(sealGroupKey(message, own), sealed, "the same is never sent alike");
    assert.ok(!sealed.includes(group.key.toString("hex")));
    assert.equal(openGroupKey(sealed, randomBytes(32)), undefined);
    for (let at = 0; at < sealed.length; at++) {
      const changed = `${sealed.slice(0, at)}${sealed[at] === "0" ? "1" : "0"}${sealed.slice(at + 1)}`;
      assert.equal(openGroupKey(changed, own), undefined, `digit ${at}`);
    }
    for (const nonsense of ["", "null", "0".repeat(126), "x".repeat(126)]) {
      assert.equal(openGroupKey(nonsense, own), undefined);
    }
  });

  it("signs packets beside the station's own, each tag for whom it is, and sounds the same to who knows neither", async () => {
    using encoder = await createOpusEncoder({ sampleRateHz: 16_000, channels: 1, packetLossPercent: 10 });
    using one = await createOpusDecoder({ sampleRateHz: 16_000, channels: 1 });
    using other = await createOpusDecoder({ sampleRateHz: 16_000, channels: 1 });
    const samples = Int16Array.from({ length: 320 }, (_, i) => 8000 * Math.sin((i * Math.PI) / 20));
    const opus = encoder.encode(new Uint8Array(samples.buffer));
    const plain = serializeRoomPacket({ sender, sequence: 1, priority: 2, opus });
    const both = signRoomPacket(plain, { own, group })!;
    const tags = (bytes: Uint8Array) => [isAuthentic(bytes, own), isOfGroup(bytes, group), groupKeyIdOf(bytes)];
    assert.equal(both.length, plain.length + 23);
    assert.deepEqual(tags(both), [true, true, 200]);
    assert.deepEqual(tags(signRoomPacket(plain, { group })!), [false, true, 200]);
    assert.deepEqual(tags(signRoomPacket(plain, { own })!), [true, false, undefined]);
    assert.deepEqual(tags(plain), [false, false, undefined]);
    assert.equal(isOfGroup(both, { ...group, id: 201 }), false);
    assert.deepEqual(other.decode(both.subarray(13)), one.decode(opus));
    for (let at = 0; at < both.length; at++) {
      const changed = Uint8Array.from(both);
      changed[at]! ^= 1;
      assert.equal(isOfGroup(changed, group), false, `byte ${at}`);
    }
  });

  it("is not put where a packet would become longer than stations take", () => {
    const long = serializeRoomPacket({ sender, sequence: 1, priority: 0, opus: new Uint8Array(231).fill(0x48) });
    assert.equal(signRoomPacket(long, { own, group }), undefined);
    assert.equal(signRoomPacket(long, { own })?.length, 256);
  });

  it("counts packets once over the wrap of their numbers, and none from before it was given", () => {
    const window = new ReplayWindow(0xffff_fff0);
    assert.deepEqual(
      [0xffff_ffef, 0xffff_fff0, 3, 0xffff_fff0, 0xffff_fff1, 3].map((sequence) => window.take(sequence)),
      [false, true, true, false, true, false],
    );
  });
});
