import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeAacConfig, writeAdts } from "../../codecs/aac/index.ts";
import { fromAal2 } from "../../codecs/g726.ts";
import { formatFromPayload, parseSdp } from "../sdp/index.ts";
import { createDepacketizer } from "./depacketize.ts";

const block = (length: number, seed: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff);
const a = block(101, 1);
const b = block(60, 2);
const sound = { sampleRateHz: 16_000, channels: 1 };
const adts = (...blocks: Uint8Array[]) => Buffer.concat(blocks.map((one) => writeAdts(one, sound)));
/** AU headers of 13 and 3 bits behind a length of `unit` (16 bits, or 2 bytes) for each. */
const headers = (sizes: readonly number[], unit = 16) =>
  Uint8Array.from([
    (sizes.length * unit) >> 8,
    sizes.length * unit,
    ...sizes.flatMap((size) => [size >> 5, (size & 31) << 3]),
  ]);
const small = (sizes: readonly number[]) => Uint8Array.from([0, sizes.length * 8, ...sizes.map((size) => size << 2)]);

interface Case {
  readonly name: string;
  readonly fmtp: string;
  readonly payloads: readonly Uint8Array[];
  readonly blocks: readonly Uint8Array[];
  readonly quirks?: readonly string[];
  readonly encoding?: string;
}

type Bits = readonly [value: number, width: number];
const pair = (value: number, width: number): Bits => [value, width];
/** Bits, most significant first, from (value, width) pairs; a byte array takes 8 bits each. */
const packBits = (...parts: readonly (Bits | Uint8Array)[]) => {
  const bits = parts
    .flatMap((part) => (part instanceof Uint8Array ? [...part].map((byte) => [byte, 8] as const) : [part]))
    .map(([value, width]) => value.toString(2).padStart(width, "0"))
    .join("");
  return Uint8Array.from({ length: Math.ceil(bits.length / 8) }, (_, i) =>
    Number.parseInt(bits.slice(i * 8, i * 8 + 8).padEnd(8, "0"), 2),
  );
};
/** What goes before the blocks of an AudioMuxElement with its StreamMuxConfig (ISO 14496-3, 1.7.3): AAC-LC, 16 kHz, mono. */
const muxConfig = (subFrames = 1, crc = false): Bits[] => {
  const stream: Bits[] = [pair(0, 1), pair(0, 1), pair(1, 1), pair(subFrames - 1, 6), pair(0, 7)];
  const layer: Bits[] = [pair(0x1408, 16), pair(0, 3), pair(0xff, 8), pair(0, 1)];
  return [...stream, ...layer, ...(crc ? [pair(1, 1), pair(0xab, 8)] : [pair(0, 1)])];
};
const lengthOf = (data: Uint8Array): Bits[] => [
  ...Array.from({ length: Math.floor(data.length / 255) }, () => pair(255, 8)),
  pair(data.length % 255, 8),
];
const again = pair(1, 1); // the configuration is the one before

const hbr = "mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408";
const c = b.subarray(0, 40);
const cases: readonly Case[] = [
  {
    name: "headers as the RFC has them",
    fmtp: hbr,
    payloads: [Buffer.concat([headers([101, 60]), a, b])],
    blocks: [a, b],
  },
  {
    name: "headers whose length is in bytes",
    fmtp: hbr,
    payloads: [Buffer.concat([headers([101, 60], 2), a, b])],
    blocks: [a, b],
  },
  {
    name: "headers longer than they need be",
    fmtp: hbr,
    payloads: [Buffer.concat([Uint8Array.of(0, 20, 101 >> 5, (101 & 31) << 3, 0), a])],
    blocks: [a],
  },
  {
    name: "some bytes behind",
    fmtp: hbr,
    payloads: [Buffer.concat([headers([101]), a, Uint8Array.of(0, 0)])],
    blocks: [a],
  },
  {
    name: "the small headers of AAC-lbr",
    fmtp: "mode=AAC-lbr;config=1408",
    payloads: [Buffer.concat([small([40]), c])],
    blocks: [c],
  },
  {
    name: "an ADTS frame",
    fmtp: "mode=AAC-hbr;config=1408",
    payloads: [adts(a), adts(b)],
    blocks: [a, b],
    quirks: ["aac-adts"],
  },
  { name: "two ADTS frames in a packet", fmtp: hbr, payloads: [adts(a, b)], blocks: [a, b], quirks: ["aac-adts"] },
  { name: "bare blocks", fmtp: "config=1408", payloads: [a, b], blocks: [a, b], quirks: ["aac-bare"] },
  {
    name: "LATM with its configuration in the description",
    encoding: "MP4A-LATM",
    fmtp: "cpresent=0;config=400028103FC0",
    payloads: [Buffer.concat([Uint8Array.of(101), a]), Buffer.concat([Uint8Array.of(60), b])],
    blocks: [a, b],
  },
  {
    name: "LATM with a block longer than 255 bytes",
    encoding: "MP4A-LATM",
    fmtp: "cpresent=0;config=400028103FC0",
    payloads: [Buffer.concat([Uint8Array.of(255, 45), block(300, 3)])],
    blocks: [block(300, 3)],
  },
  {
    name: "LATM with its configuration in the first element, and the same for the next",
    encoding: "MP4A-LATM",
    fmtp: "cpresent=1",
    payloads: [packBits(...muxConfig(), ...lengthOf(a), a), packBits(again, ...lengthOf(b), b)],
    blocks: [a, b],
  },
  {
    name: "LATM with its configuration in each element, behind a checksum",
    encoding: "MP4A-LATM",
    fmtp: "profile-level-id=15;cpresent=1",
    payloads: [packBits(...muxConfig(1, true), ...lengthOf(a), a), packBits(...muxConfig(1, true), ...lengthOf(b), b)],
    blocks: [a, b],
  },
  {
    name: "LATM with two blocks in an element, as its configuration in it says",
    encoding: "MP4A-LATM",
    fmtp: "cpresent=1",
    payloads: [
      packBits(...muxConfig(2), ...lengthOf(a), a, ...lengthOf(b), b),
      packBits(again, ...lengthOf(b), b, ...lengthOf(a), a),
    ],
    blocks: [a, b, b, a],
  },
  {
    name: "LATM that says neither cpresent nor a configuration, which then stands in it",
    encoding: "MP4A-LATM",
    fmtp: "profile-level-id=15;object=2",
    payloads: [packBits(...muxConfig(), ...lengthOf(a), a), packBits(again, ...lengthOf(b), b)],
    blocks: [a, b],
  },
  {
    name: "LATM with its configuration in both places",
    encoding: "MP4A-LATM",
    fmtp: "cpresent=1;config=400028103FC0",
    payloads: [packBits(...muxConfig(), ...lengthOf(block(300, 3)), block(300, 3)), packBits(again, ...lengthOf(b), b)],
    blocks: [block(300, 3), b],
  },
];

describe("AAC with", () => {
  for (const one of cases) {
    test(`${one.name} is understood`, () => {
      const quirks: string[] = [];
      const rtpmap = `a=rtpmap:97 ${one.encoding ?? "MPEG4-GENERIC"}/16000/1`;
      const [section] = parseSdp(`v=0\r\nm=audio 0 RTP/AVP 97\r\n${rtpmap}\r\na=fmtp:97 ${one.fmtp}\r\n`).media;
      const payload = section?.payloads[0];
      assert.ok(payload?.codec === "aac");
      const depacketizer = createDepacketizer({ ...payload, codec: "aac", onQuirk: (quirk) => quirks.push(quirk) });
      const units = one.payloads.flatMap((bytes, sequence) =>
        depacketizer.push({ payloadType: 97, marker: true, sequence, timestamp: 0, ssrc: 1, payload: bytes }),
      );
      const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");
      assert.deepEqual(
        units.map(({ data }) => hex(data)),
        one.blocks.map(hex),
      );
      assert.deepEqual(quirks, one.quirks ?? []);
      const format = formatFromPayload(payload);
      assert.ok(format?.kind === "audio" && format.sampleRateHz === 16_000 && format.channels === 1);
      assert.equal(hex(format.config ?? makeAacConfig(format)), hex(makeAacConfig(sound)));
    });
  }

  test("a LATM element in two packets is joined, and dropped with a hole", () => {
    const depacketizer = createDepacketizer({
      codec: "aac",
      encoding: "MP4A-LATM",
      fmtp: { cpresent: "0" },
      clockRateHz: 16_000,
    });
    const whole = Buffer.concat([Uint8Array.of(101), a]);
    const push = (sequence: number, payload: Uint8Array, marker: boolean) =>
      depacketizer.push({ payloadType: 97, marker, sequence, timestamp: 0, ssrc: 1, payload });
    assert.equal(push(1, whole.subarray(0, 50), false).length, 0);
    assert.deepEqual([...push(2, whole.subarray(50), true)[0]!.data], [...a]);
    push(3, whole.subarray(0, 50), false);
    assert.equal(push(5, whole.subarray(50), true).length, 0);
  });
});

describe("G.726", () => {
  test("of AAL2 is packed again", () => {
    assert.deepEqual([...fromAal2(Uint8Array.of(0x12, 0xab), 4)], [0x21, 0xba]);
    assert.deepEqual([...fromAal2(Uint8Array.of(0b00011011), 2)], [0b11100100]);
  });

  for (const [rtpmap, bits] of [
    ["a=rtpmap:97 G726-16/8000", 2],
    ["a=rtpmap:97 AAL2-G726-40/8000", 5],
    ["a=rtpmap:97 g726-32/8000/1", 4],
  ] as const) {
    test(`${rtpmap} has ${bits} bits`, () => {
      const [section] = parseSdp(`v=0\r\nm=audio 0 RTP/AVP 97\r\n${rtpmap}\r\n`).media;
      const format = section?.payloads[0] && formatFromPayload(section.payloads[0]);
      assert.ok(format?.kind === "audio" && format.codec === "g726");
      assert.equal(format.bitsPerSample, bits);
    });
  }
});
