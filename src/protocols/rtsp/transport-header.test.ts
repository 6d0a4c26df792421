import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatTransport, parseTransports, type RtspTransport } from "./transport-header.ts";

const given = (transport: RtspTransport) =>
  Object.fromEntries(Object.entries(transport).filter(([, value]) => value !== undefined));

describe("Transport header", () => {
  const table: readonly [string, RtspTransport][] = [
    ["RTP/AVP/TCP;unicast;interleaved=0-1", { protocol: "tcp", interleaved: [0, 1] }],
    ["RTP/AVP;unicast;client_port=4588-4589", { protocol: "udp", clientPorts: [4588, 4589] }],
    [
      "RTP/AVP;unicast;client_port=4588-4589;server_port=6256-6257;source=10.0.0.9;ssrc=00A0B0C0",
      { protocol: "udp", clientPorts: [4588, 4589], serverPorts: [6256, 6257], source: "10.0.0.9", ssrc: 0xa0b0c0 },
    ],
  ];
  for (const [text, transport] of table) {
    test(text, () => {
      assert.deepEqual(parseTransports(text).map(given), [given(transport)]);
      assert.equal(formatTransport(transport), text);
    });
  }

  test("a stream with early feedback is asked for by its own profile", () => {
    assert.equal(
      formatTransport({ protocol: "udp", feedback: true, clientPorts: [2, 3] }),
      "RTP/AVPF;unicast;client_port=2-3",
    );
    assert.match(formatTransport({ protocol: "tcp", feedback: true }), /^RTP\/AVPF\/TCP;/);
  });

  test("alternatives keep their order; what is not RTP over unicast is left out", () => {
    const text = "RAW/RAW/UDP;unicast, RTP/AVP/UDP;unicast;client_port=10-11 ,RTP/AVP/TCP;interleaved=2";
    assert.deepEqual(parseTransports(text).map(given), [
      { protocol: "udp", clientPorts: [10, 11] },
      { protocol: "tcp", interleaved: [2, 3] },
    ]);
    assert.deepEqual(parseTransports(""), []);
  });

  const odd: readonly [string, RtspTransport][] = [
    ["RTP/AVP/TCP;interleaved=1-256", { protocol: "tcp" }],
    ["RTP/AVP;server_port=70000", { protocol: "udp" }],
    ["RTP/AVP;client_port=a-b;server_port=0-1", { protocol: "udp" }],
    ["RTP/AVP;unicast;server_port=0", { protocol: "udp" }],
    ["RTP/AVP;unicast;interleaved=0-1", { protocol: "tcp", interleaved: [0, 1] }],
    ["unicast;interleaved=2-3;RTP/AVP/TCP", { protocol: "tcp", interleaved: [2, 3] }],
    ["rtp/avp/udp;server_port=6970 - 6971", { protocol: "udp", serverPorts: [6970, 6971] }],
  ];
  for (const [text, transport] of odd) {
    test(`${text}: what can be believed of it counts`, () => {
      assert.deepEqual(parseTransports(text).map(given), [transport]);
    });
  }
});
