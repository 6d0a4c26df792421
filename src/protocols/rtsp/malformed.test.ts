import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { mutations, seededRandom } from "../../../test/mutate.ts";
import { ManualClock } from "../../util/clock.ts";
import { WireError } from "../../util/errors.ts";
import { serializeRtp } from "../rtp/packet.ts";
import { serializeRtcp } from "../rtp/rtcp-write.ts";
import { parseSdp } from "../sdp/index.ts";
import { parseChallenges, verifyAuthorization } from "./auth.ts";
import { RtspHeaders } from "./headers.ts";
import { maxBodyBytes, maxHeaderBytes, serializeFrame, serializeMessage } from "./message.ts";
import { RtspParser } from "./parser.ts";
import { receiveMedia } from "./receive-media.ts";
import { parseTransports } from "./transport-header.ts";

const text = (value: string) => new Uint8Array(Buffer.from(value, "latin1"));

/** As cameras and GStreamer's server sent them. */
const messages = [
  "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, GET_PARAMETER, PLAY, SETUP, TEARDOWN\r\n\r\n",
  'RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm="IP Camera(C2133)", nonce="9d1b", stale="FALSE"\r\n\r\n',
  "RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Base: rtsp://10.0.0.9/s/\r\nContent-Length: 12\r\n\r\nv=0\r\nm=video",
  "RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: 5A;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=6E\r\n\r\n",
  "OPTIONS rtsp://10.0.0.9/s RTSP/1.0\r\nCSeq: 5\r\nSession: 5A\r\n\r\n",
];
const samples = [
  ...messages.map(text),
  serializeFrame(0, new Uint8Array(1400).fill(0x65)),
  new Uint8Array(
    Buffer.concat([
      serializeFrame(1, new Uint8Array(28)),
      text(messages[0] ?? ""),
      serializeFrame(0, new Uint8Array(3)),
    ]),
  ),
];

describe("malformed input", () => {
  test("10,000 times into one connection's parser, in pieces: messages or WireError, memory bounded", () => {
    const random = seededRandom(7);
    for (const bytes of mutations(1, samples, 10_000)) {
      const parser = new RtspParser();
      try {
        for (let at = 0; at < bytes.length; ) {
          const size = 1 + Math.floor(random() * 600);
          for (const message of parser.push(bytes.subarray(at, at + size))) roundTrip(message);
          assert.ok(parser.pendingBytes <= maxHeaderBytes + Math.max(maxBodyBytes, 65_540) + 600);
          at += size;
        }
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
    }
  });

  test("10,000 times into the Transport header and the log-in", () => {
    const headers = [
      "RTP/AVP;unicast;client_port=4588-4589;server_port=6256-6257;source=10.0.0.9;ssrc=00A0B0C0",
      'Digest realm="c", nonce="1", algorithm=SHA-256, qop="auth,auth-int", opaque="x", Basic realm="d"',
    ].map(text);
    const challenge = { scheme: "digest", realm: "c", nonce: "1", algorithm: "MD5", stale: false } as const;
    for (const bytes of mutations(2, headers, 10_000)) {
      const value = Buffer.from(bytes).toString("latin1");
      parseChallenges([value]);
      assert.notEqual(verifyAuthorization(value, { challenge, method: "PLAY", username: "a", password: "b" }), "right");
      parseTransports(value);
    }
  });
});

describe("a receiver", () => {
  for (const codec of ["h264", "h265", "aac", "opus", "pcmu"] as const) {
    test(`of ${codec} takes 10,000 malformed packets and reports without throwing`, () => {
      const clock = new ManualClock();
      const [line, map] = mediaLines[codec];
      const [section] = parseSdp(`v=0\r\n${line}\r\n${map}\r\n`).media;
      const payload = section?.payloads[0];
      assert.ok(section && payload);
      const stream = receiveMedia({ clock, media: {}, onTrack: () => ({ write: () => {}, updateFormat: () => {} }) })(
        { section, payload },
        { protocol: "tcp", ssrc: undefined, reachable: true, refusals: 0, sendRtp: () => true, sendRtcp: () => true },
      );
      using _stream = stream;
      const report = serializeRtcp([
        { type: "sender-report", ssrc: 1, ntp: 1n << 40n, rtpTimestamp: 1, packets: 1, bytes: 1, reports: [] },
        { type: "goodbye", ssrcs: [1] },
      ]);
      const packets = [0x65, 0x67, 0x78, 0x7c, 0x42, 0x60, 0x62].map((type, sequence) =>
        serializeRtp({ payloadType: 96, marker: true, sequence, timestamp: 3000, ssrc: 1, payload: fill(type) }),
      );
      for (const bytes of mutations(3, packets, 10_000)) stream.rtp(bytes);
      for (const bytes of mutations(4, [report], 10_000)) stream.rtcp(bytes);
    });
  }
});

const mediaLines = {
  h264: ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H264/90000"],
  h265: ["m=video 0 RTP/AVP 96", "a=rtpmap:96 H265/90000"],
  aac: ["m=audio 0 RTP/AVP 96", "a=rtpmap:96 MPEG4-GENERIC/16000\r\na=fmtp:96 sizelength=13;indexlength=3;config=1408"],
  opus: ["m=audio 0 RTP/AVP 96", "a=rtpmap:96 opus/48000/2"],
  pcmu: ["m=audio 0 RTP/AVP 96", "a=rtpmap:96 PCMU/8000"],
} as const;

function fill(type: number): Uint8Array {
  return Uint8Array.from({ length: 200 }, (_, i) => (i === 0 ? type : (i * 5) & 0xff));
}

/** What was read can be written, unless it holds what must not be sent on. */
function roundTrip(message: ReturnType<RtspParser["push"]>[number]): void {
  if (message.kind === "noise") assert.ok(message.bytes > 0);
  else if (message.kind === "frame") assert.ok(serializeFrame(message.channel, message.payload).length >= 4);
  else {
    const fields = [...message.headers].filter(([name]) => name.toLowerCase() !== "content-length");
    const headers = new RtspHeaders();
    for (const [name, value] of fields) headers.add(name, value);
    const [again] = new RtspParser().push(serializeMessage({ ...message, headers }));
    assert.equal(again?.kind, message.kind);
  }
}
