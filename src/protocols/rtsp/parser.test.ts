import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../../../test/mutate.ts";
import { WireError } from "../../util/errors.ts";
import { serializeRtp } from "../rtp/packet.ts";
import { type RtspMessage, serializeFrame } from "./message.ts";
import { RtspParser } from "./parser.ts";

const text = (value: string) => Buffer.from(value, "latin1");
const random = seededRandom(3);
const noise = (length: number) => Uint8Array.from({ length }, () => Math.floor(random() * 256));
const isChannel = (channel: number) => channel < 2;

/** The n-th packet of a stream, as a frame. */
function frame(n: number, bytes = 1000): Uint8Array {
  const payload = Uint8Array.from({ length: bytes }, (_, i) => (i * 7 + n * 13) & 0xff);
  return serializeFrame(
    0,
    serializeRtp({ payloadType: 96, marker: true, sequence: n, timestamp: n, ssrc: 77, payload }),
  );
}

const refusal = text("RTSP/1.0 400 Bad Request\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nAllow: PLAY\r\n\r\n");
const ok = text("RTSP/1.0 200 OK\r\nCSeq: 9\r\nSession: 1\r\n\r\n");

function copied(message: RtspMessage): RtspMessage {
  if (message.kind === "frame") return { ...message, payload: new Uint8Array(message.payload) };
  return message.kind === "noise" ? { ...message, data: new Uint8Array(message.data) } : message;
}

/**
 * Sequence numbers of the frames that came through as they were sent, and all messages: read from memory that is another's in
 * between, which makes no difference to what is read from memory of its own.
 */
function read(parts: readonly Uint8Array[], size: number): { whole: number[]; messages: RtspMessage[] } {
  const lent = new RtspParser({ isChannel, borrows: true });
  const parser = new RtspParser({ isChannel });
  const bytes = Buffer.concat(parts);
  const chunk = new Uint8Array(size);
  const messages: RtspMessage[] = [];
  const owned: RtspMessage[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const read = bytes.subarray(at, at + size);
    chunk.set(read);
    messages.push(...lent.push(chunk.subarray(0, read.length)).map(copied));
    chunk.fill(0x24);
    owned.push(...parser.push(read));
  }
  assert.deepEqual(messages, owned.map(copied));
  const whole = messages.flatMap((message) => {
    if (message.kind !== "frame") return [];
    const n = message.payload[3] ?? 255;
    return Buffer.from(message.payload).equals(frame(n).subarray(4)) ? [n] : [];
  });
  return { whole, messages };
}

const cut = (n: number, bytes: number) => frame(n).subarray(0, bytes);
const within = (n: number, at: number, what: Uint8Array) =>
  Buffer.concat([frame(n).subarray(0, at), what, frame(n).subarray(at)]);

/** What stands between the packets 0, 1, 2 and 4, 5, 6, and which of 0 to 6 have to come through whole. */
const spoilt: readonly [string, readonly Uint8Array[], readonly number[]][] = [
  ["bytes that belong to nothing", [frame(3), noise(37)], [0, 1, 2, 3, 4, 5, 6]],
  ["one byte that belongs to nothing", [frame(3), Uint8Array.of(0x80)], [0, 1, 2, 3, 4, 5, 6]],
  ["20 KiB of noise", [frame(3), noise(20_000)], [0, 1, 2, 3, 4, 5, 6]],
  ["noise that begins like a frame", [frame(3), Uint8Array.of(0x24, 0, 0xff, 0xff, 1, 2, 3)], [0, 1, 2, 3, 4, 5, 6]],
  ["noise that begins like a message", [frame(3), text("RTSP is what it speaks not")], [0, 1, 2, 3, 4, 5, 6]],
  ["zeros", [frame(3), new Uint8Array(64)], [0, 1, 2, 3, 4, 5, 6]],
  ["dollar signs", [frame(3), text("$$$$$$$$$$$$$")], [0, 1, 2, 3, 4, 5, 6]],
  ["a packet cut in its middle", [cut(3, 500)], [0, 1, 2, 4, 5, 6]],
  ["a packet cut behind its header", [cut(3, 4)], [0, 1, 2, 4, 5, 6]],
  ["a packet cut inside its header", [cut(3, 3)], [0, 1, 2, 4, 5, 6]],
  ["a packet that lacks its beginning", [frame(3).subarray(300)], [0, 1, 2, 4, 5, 6]],
  ["a packet whose length is too large", [Uint8Array.of(0x24, 0, 4, 0), frame(3).subarray(4)], [0, 1, 2, 4, 5, 6]],
  ["a packet whose length is too small", [Uint8Array.of(0x24, 0, 2, 0), frame(3).subarray(4)], [0, 1, 2, 4, 5, 6]],
  ["a response before a packet's payload", [within(3, 4, refusal)], [0, 1, 2, 3, 4, 5, 6]],
  ["a response within a packet", [within(3, 700, refusal)], [0, 1, 2, 3, 4, 5, 6]], // byte by byte it is seen too late
  ["a response that a packet cuts short", [frame(3), ok.subarray(0, 30)], [0, 1, 2, 3, 4, 5, 6]],
  ["a packet of a channel that nobody agreed on", [frame(3), serializeFrame(9, noise(50))], [0, 1, 2, 3, 4, 5, 6]],
];

describe("a stream with", () => {
  for (const [name, parts, wanted] of spoilt) {
    for (const size of [1, 333, 1500, 1 << 20]) {
      test(`${name} goes on, in reads of ${size} bytes`, () => {
        const { whole, messages } = read([frame(0), frame(1), frame(2), ...parts, frame(4), frame(5), frame(6)], size);
        assert.deepEqual(whole, size === 1 && name.includes("within") ? wanted.filter((n) => n !== 3) : wanted);
        assert.equal(messages.at(-1)?.kind, "frame");
      });
    }
  }

  test("noise tells how much of it was passed over", () => {
    const { messages } = read([frame(0), noise(500).fill(0x81), frame(1)], 1 << 20);
    assert.deepEqual(
      messages.map((message) => (message.kind === "noise" ? message.bytes : message.kind)),
      ["frame", 500, "frame"],
    );
  });

  test("a response within noise: it is found", () => {
    const { messages } = read([frame(0), noise(50).fill(0x81), ok, frame(1)], 1 << 20);
    assert.ok(messages.some((message) => message.kind === "response" && message.status === 200));
  });

  test("noise alone ends it, after a megabyte", () => {
    const parser = new RtspParser({ isChannel });
    parser.push(frame(0));
    assert.throws(() => {
      for (let n = 0; n < 4000; n++) parser.push(noise(1000));
    }, WireError);
  });
});

/** What cameras write as a message, and what is read of it: status, CSeq, length of the body. */
const dialects: readonly [string, string, string][] = [
  [
    "a date without its name",
    "RTSP/1.0 401 No\r\nCSeq: 1\r\nThu, Jun 13 2024 04:00:59 GMT\r\nServer: x\r\n\r\n",
    "401 1 0",
  ],
  ["a line of words", "RTSP/1.0 200 OK\r\nCSeq: 1\r\nnonsense without a colon\r\n\r\n", "200 1 0"],
  ["a name with blanks in it", "RTSP/1.0 200 OK\r\nMy Date: now\r\nCSeq: 1\r\n\r\n", "200 1 0"],
  ["an empty name", "RTSP/1.0 200 OK\r\n: x\r\nCSeq : 1\r\n\r\n", "200 1 0"],
  ["a length that is no number", "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: strlen(body)\r\n\r\n", "200 1 0"],
  ["a length below zero", "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: -1\r\n\r\n", "200 1 0"],
  ["an absurd length", "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 999999999\r\n\r\n", "200 1 0"],
  [
    "a description without its length",
    "RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\nm=video 0 RTP/AVP 96\r\n",
    "200 1 27",
  ],
  ["control characters in a value", "RTSP/1.0 200 OK\r\nServer: \x01\x02\xff\r\nCSeq: 1\r\n\r\n", "200 1 0"],
  ["no reason", "RTSP/1.0 200\r\nCSeq: 1\r\n\r\n", "200 1 0"],
  ["no blank before the reason", "RTSP/1.0 200OK\r\nCSeq: 1\r\n\r\n", "200 1 0"],
  ["small letters and many blanks", "rtsp/1.0   200   ok\r\ncseq:    1   \r\n\r\n", "200 1 0"],
  ["a version without its dot", "RTSP/1 200 OK\r\nCSeq: 1\r\n\r\n", "200 1 0"],
  ["a zero behind it, as strings of C have", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n\0", "200 1 0"],
  ["mere line feeds", "RTSP/1.0 200 OK\nCSeq: 1\nServer:\n\n", "200 1 0"],
];

describe("a response with", () => {
  for (const [name, bytes, wanted] of dialects) {
    test(`${name} is read, and what follows it`, () => {
      const messages = new RtspParser().push(Buffer.concat([text(bytes), ok]));
      assert.deepEqual(
        messages.map((message) => {
          assert.ok(message.kind === "response", message.kind);
          return `${message.status} ${message.headers.get("CSeq")} ${message.body.length}`;
        }),
        [wanted, "200 9 0"],
      );
    });
  }
});

describe("a peer that speaks", () => {
  for (const [name, bytes] of [
    ["HTTP", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"],
    ["SSH", "SSH-2.0-dropbear\r\n"],
    ["FTP", "220 ready\r\n"],
    ["nothing but noise", "\x01".repeat(17_000)],
  ] as const) {
    test(`${name} is let go at once`, () => assert.throws(() => new RtspParser().push(text(bytes)), WireError));
  }

  test("RTSP after some noise is heard", () => {
    const messages = new RtspParser().push(Buffer.concat([text("\x01\x02\x03"), ok]));
    assert.equal(messages.at(-1)?.kind, "response");
  });
});
