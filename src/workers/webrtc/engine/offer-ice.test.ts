import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FatalError } from "../../../util/errors.ts";
import { planAnswer } from "../offer.ts";
import { writeAnswer } from "./answer-sdp.ts";
import { readCandidate, readTransport } from "./offer-ice.ts";
import { ownCandidates } from "./own-candidates.ts";

const print = Array.from({ length: 32 }, () => "AB").join(":");
const offer = [
  "v=0",
  "o=- 1 2 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=group:BUNDLE 0 1",
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
  "a=mid:0",
  "a=recvonly",
  "a=ice-ufrag:1234",
  "a=ice-pwd:1234567890123456789012",
  `a=fingerprint:sha-256 ${print}`,
  "a=setup:actpass",
  "a=rtpmap:96 H264/90000",
  "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f",
  "a=rtcp-fb:96 nack",
  "a=rtcp-fb:96 nack pli",
  "a=rtcp-fb:96 goog-remb",
  "a=rtpmap:97 rtx/90000",
  "a=candidate:1 1 udp 2113937151 192.168.1.5 50000 typ host",
  "a=candidate:2 1 udp 2113939711 a1b2.local 50001 typ host",
  "a=candidate:3 1 tcp 1518280447 192.168.1.5 9 typ host tcptype active",
  "a=candidate:4 1 udp 1677729535 2001:db8::5 50002 typ srflx raddr 0.0.0.0 rport 0",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=mid:1",
  "a=sendrecv",
  "a=rtpmap:111 opus/48000/2",
  "",
].join("\r\n");

describe("the transport of an offer", () => {
  it("is read with the candidates that can be reached", () => {
    const read = readTransport(offer);
    assert.deepEqual([read.ufrag, read.pwd, read.dtlsRole], ["1234", "1234567890123456789012", "server"]);
    assert.deepEqual(
      read.candidates.map(({ address, port }) => `${address} ${port}`),
      ["192.168.1.5 50000", "2001:db8::5 50002"],
    );
    assert.equal(read.fingerprint.hash.length, 32);
  });

  for (const [what, from, to] of [
    ["has no password", "a=ice-pwd:1234567890123456789012", "a=x"],
    ["has a short password", "a=ice-pwd:1234567890123456789012", "a=ice-pwd:short"],
    ["has no fingerprint", `a=fingerprint:sha-256 ${print}`, "a=x"],
    ["has a weak fingerprint", "sha-256", "sha-1"],
    ["has half a fingerprint", "AB:AB:AB", "AB"],
    ["cannot say who begins", "a=setup:actpass", "a=setup:holdconn"],
  ] as const) {
    it(`is refused when it ${what}`, () => {
      assert.throws(() => readTransport(offer.replace(from, to)), FatalError);
    });
  }

  it("makes us DTLS' client when the offer says passive", () => {
    assert.equal(readTransport(offer.replace("actpass", "passive")).dtlsRole, "client");
  });

  it("is added to by candidates that come later", () => {
    const candidate = "candidate:1 1 UDP 2113937151 10.0.0.7 4000 typ host";
    assert.deepEqual(readCandidate(candidate), { address: "10.0.0.7", port: 4000, priority: 2_113_937_151 });
    for (const odd of ["", "candidate:1 1 UDP x 10.0.0.7 4000 typ host", "candidate:1 2 UDP 1 10.0.0.7 4000 typ host"])
      assert.equal(readCandidate(odd), undefined);
  });
});

describe("an answer", () => {
  const track = {
    format: { kind: "video", codec: "h264", parameterSets: [], widthPx: 1, heightPx: 1 },
    id: "cam/main",
  };
  const plan = planAnswer(offer, { video: track as never, acceptMicrophone: true });
  const own = { ufrag: "abcd", pwd: "p".repeat(24), fingerprint: new Uint8Array(32), ssrcs: new Map([["0", 77]]) };
  const candidates = ownCandidates({ port: 8555, publicAddresses: [], announced: ["203.0.113.7"] }, ["10.0.0.2"]);
  const sdp = writeAnswer(plan, { own: { ...own, candidates }, offered: readTransport(offer), sessionId: 5 });

  it("says what flows, under which SSRC, and which of the offered feedback is heeded", () => {
    for (const line of [
      "a=group:BUNDLE 0 1",
      "m=video 9 UDP/TLS/RTP/SAVPF 96",
      "a=sendonly",
      "a=recvonly",
      "a=ssrc:77 cname:cam",
      "a=rtcp-fb:96 nack pli",
      "a=setup:passive",
    ])
      assert.ok(sdp.includes(`${line}\r\n`), line);
    assert.ok(!sdp.includes("goog-remb") && !sdp.includes("ccm fir"));
  });

  it("offers the machine's addresses, those of the settings, loopback, and the public ones, in that order", () => {
    const lines = ownCandidates(
      { port: 8555, publicAddresses: [{ address: "198.51.100.9", port: 41_000 }], announced: ["203.0.113.7", "no"] },
      ["10.0.0.2", "2001:db8::2"],
    );
    assert.deepEqual(
      lines.map((line) => line.split(" ").slice(4, 8).join(" ")),
      [
        "10.0.0.2 8555 typ host",
        "2001:db8::2 8555 typ host",
        "203.0.113.7 8555 typ host",
        "127.0.0.1 8555 typ host",
        "198.51.100.9 41000 typ srflx",
      ],
    );
    const priorities = lines.map((line) => Number(line.split(" ")[3]));
    assert.deepEqual(
      priorities,
      priorities.toSorted((a, b) => b - a),
    );
  });
});
