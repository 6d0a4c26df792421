import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isAddressCandidate, withCandidates, withoutNames } from "./answer.ts";

const answer = [
  ...["v=0", "m=video 5000 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=candidate:1 1 UDP 2114977791 192.0.2.2 5000 typ host"],
  ...["a=end-of-candidates", "m=audio 5000 UDP/TLS/RTP/SAVPF 111", "a=mid:1", ""],
].join("\r\n");

describe("candidates", () => {
  it("are added to the first section, unless they are there already or are no address", () => {
    const addresses = ["203.0.113.9", "192.0.2.2", "example.org", "127.0.0.1"];
    const lines = withCandidates(answer, { port: 5000, addresses }).split("\r\n");
    assert.deepEqual(lines.slice(3, 7), [
      "a=candidate:1 1 UDP 2114977791 192.0.2.2 5000 typ host",
      "a=candidate:x0 1 UDP 2114185471 203.0.113.9 5000 typ host",
      "a=candidate:x1 1 UDP 2114185215 127.0.0.1 5000 typ host",
      "a=end-of-candidates",
    ]);
    assert.equal(lines.at(-1), "");
  });

  it("are added to an answer that has none", () => {
    const bare = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n";
    assert.match(
      withCandidates(bare, { port: 7, addresses: ["::1"] }),
      /a=mid:0\r\na=candidate:x0 1 UDP \d+ ::1 7 typ host\r\n$/,
    );
  });

  it("that are names or TCP are left out of offers", () => {
    const name = "candidate:1 1 udp 2113937151 84419b27.local 44829 typ host";
    const tcp = "candidate:1 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active";
    const address = "candidate:1 1 udp 2113937151 192.0.2.7 44829 typ host";
    assert.deepEqual([name, tcp, address, "candidate:x"].map(isAddressCandidate), [false, false, true, false]);
    assert.equal(withoutNames(`v=0\r\na=${name}\r\na=${address}\r\n`), `v=0\r\na=${address}\r\n`);
  });
});
