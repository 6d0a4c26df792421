import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { WireError } from "../../util/errors.ts";
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

  test("alternatives keep their order; what is not RTP over unicast is left out", () => {
    const text = "RAW/RAW/UDP;unicast, RTP/AVP/UDP;unicast;client_port=10-11 ,RTP/AVP/TCP;interleaved=2";
    assert.deepEqual(parseTransports(text).map(given), [
      { protocol: "udp", clientPorts: [10, 11] },
      { protocol: "tcp", interleaved: [2, 3] },
    ]);
    assert.deepEqual(parseTransports(""), []);
  });

  for (const text of ["RTP/AVP/TCP;interleaved=1-256", "RTP/AVP;server_port=70000", "RTP/AVP;client_port=a-b"]) {
    test(`refuses ${text}`, () => assert.throws(() => parseTransports(text), WireError));
  }
});
