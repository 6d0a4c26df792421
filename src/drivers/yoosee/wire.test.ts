import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { WireError } from "../../util/errors.ts";
import { profiles } from "./profile.ts";
import { controlRequest, parseMessage, parseRecord, parseReply, pcmBytes, RecordEncoder, recordBytes } from "./wire.ts";

const target = { host: "192.168.1.100", port: 554, path: "onvif1" };
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

describe("yoosee wire, classic: the published description byte for byte", () => {
  it("opens with CSeq 8 and the literal Content-length, without a port in the URI", () => {
    assert.equal(
      latin1(controlRequest("OPEN", { profile: profiles.classic, target, cseq: 1 })),
      "USER_CMD_SET rtsp://192.168.1.100/onvif1 RTSP/1.0\r\n" +
        "CSeq: 8\r\n" +
        "Content-length: strlen(Content-type)\r\n" +
        "Content-type: AudioCtlCmd:OPEN\r\n" +
        "\r\n",
    );
  });

  it("closes with CSeq 10", () => {
    assert.equal(
      latin1(controlRequest("CLOSE", { profile: profiles.classic, target, cseq: 2 })),
      "USER_CMD_SET rtsp://192.168.1.100/onvif1 RTSP/1.0\r\n" +
        "CSeq: 10\r\n" +
        "Content-length: strlen(Content-type)\r\n" +
        "Content-type: AudioCtlCmd:CLOSE\r\n" +
        "\r\n",
    );
  });

  it("frames 320 bytes of PCM as 24 02 4C 01, 12 zero bytes and the PCM", () => {
    const pcm = Uint8Array.from({ length: 320 }, (_, index) => index & 0xff);
    const record = new RecordEncoder(profiles.classic).encode(pcm);
    assert.equal(record.length, 336);
    assert.equal(Buffer.from(record.subarray(0, 16)).toString("hex"), "24024c01000000000000000000000000");
    assert.deepEqual(record.subarray(16), pcm);
  });
});

describe("yoosee wire, gwell: the other known firmware's form", () => {
  it("has a valueless Content-type, its own header, and counts CSeq", () => {
    assert.equal(
      latin1(controlRequest("OPEN", { profile: profiles.gwell, target, cseq: 3 })),
      "USER_CMD_SET rtsp://192.168.1.100:554/onvif1 RTSP/1.0\r\nCSeq: 3\r\nContent-type:\r\nAudioCtlCmd: OPEN\r\n\r\n",
    );
  });

  it("frames with a big-endian length and an RTP header: marker first, timestamp step 160, wraps", () => {
    const encoder = new RecordEncoder(profiles.gwell, () => 0.9999999999);
    const first = Buffer.from(encoder.encode(new Uint8Array(pcmBytes)));
    const second = Buffer.from(encoder.encode(new Uint8Array(pcmBytes)));
    assert.equal(first.subarray(0, 6).toString("hex"), "2402014c8088");
    assert.equal(second.subarray(0, 6).toString("hex"), "2402014c8008");
    assert.equal(first.readUInt16BE(6), 0xffff);
    assert.equal(second.readUInt16BE(6), 0);
    assert.equal(second.readUInt32BE(8), (first.readUInt32BE(8) + 160) >>> 0);
    assert.equal(second.readUInt32BE(12), first.readUInt32BE(12));
  });
});

describe("yoosee wire, parsing", () => {
  it("brackets an IPv6 address", () => {
    const bytes = controlRequest("OPEN", {
      profile: profiles.classic,
      target: { ...target, host: "fe80::1" },
      cseq: 1,
    });
    assert.match(latin1(bytes), /^USER_CMD_SET rtsp:\/\/\[fe80::1\]\/onvif1 /);
  });

  it("refuses PCM of another size", () => {
    assert.throws(() => new RecordEncoder(profiles.classic).encode(new Uint8Array(319)), WireError);
  });

  it("round-trips records of both forms", () => {
    for (const profile of Object.values(profiles)) {
      const pcm = Uint8Array.from({ length: pcmBytes }, (_, index) => (index * 7) & 0xff);
      const record = parseRecord(new RecordEncoder(profile).encode(pcm));
      assert.equal(record?.form, profile.name);
      assert.equal(record?.channel, 2);
      assert.deepEqual(record && Buffer.from(record.pcm), Buffer.from(pcm));
    }
    assert.equal(
      parseRecord(new RecordEncoder(profiles.classic).encode(new Uint8Array(320)).subarray(0, 335)),
      undefined,
    );
    assert.throws(() => parseRecord(new Uint8Array(recordBytes)), WireError);
  });

  it("reads a reply only when it is whole, wherever it is cut", () => {
    const text = Buffer.from("RTSP/1.0 200 OK\r\nCSeq: 8\r\nContent-Length: 3\r\n\r\nabc", "latin1");
    for (let cut = 0; cut < text.length; cut++)
      assert.equal(parseReply(text.subarray(0, cut)), undefined, `cut at ${cut}`);
    const reply = parseReply(text);
    assert.deepEqual([reply?.status, reply?.reason, reply?.cseq, reply?.bytes], [200, "OK", 8, text.length]);
  });

  it("takes the literal Content-length that a camera may repeat as no body", () => {
    const text = "RTSP/1.0 200 OK\r\nCSeq: 8\r\nContent-length: strlen(Content-type)\r\n\r\n";
    assert.equal(parseReply(Buffer.from(text))?.bytes, text.length);
  });

  it("throws for what is not RTSP, for endless heads and for huge bodies", () => {
    assert.throws(() => parseReply(Buffer.from("SSH-2.0-OpenSSH_9.2\r\n")), WireError);
    assert.throws(() => parseReply(Buffer.from("RTSP/1.0 OK\r\n\r\n")), WireError);
    assert.throws(() => parseReply(Buffer.from(`RTSP/1.0 200 ${"x".repeat(20_000)}`)), WireError);
    assert.throws(() => parseReply(Buffer.from("RTSP/1.0 200 OK\r\nContent-Length: 9999999\r\n\r\n")), WireError);
  });

  it("lets nothing but WireError escape from any bytes", () => {
    const seeds = [
      controlRequest("OPEN", { profile: profiles.classic, target, cseq: 1 }),
      new RecordEncoder(profiles.gwell).encode(new Uint8Array(320)),
      Buffer.from("RTSP/1.0 200 OK\r\nCSeq: 8\r\nPublic: OPTIONS\r\n\r\n"),
    ];
    const mutation = fc.record({
      seed: fc.constantFrom(...seeds),
      edits: fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 }),
      keep: fc.nat(400),
    });
    fc.assert(
      fc.property(mutation, ({ seed, edits, keep }) => {
        const bytes = Uint8Array.from(seed.subarray(0, keep));
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        for (const parse of [parseMessage, parseReply, parseRecord]) {
          try {
            parse(bytes);
          } catch (error) {
            assert.ok(error instanceof WireError);
          }
        }
      }),
      { numRuns: 10_000, seed: 554 },
    );
  });
});
