import assert from "node:assert/strict";
import type { NetworkInterfaceInfo } from "node:os";
import { describe, it } from "node:test";
import { leftOutAddresses, withoutAddresses } from "./left-out.ts";

const at = (address: string) => [{ address } as NetworkInterfaceInfo];
const interfaces = {
  eth0: at("192.168.1.5"),
  docker0: [...at("172.17.0.1"), ...at("fd00::1")],
  "br-0123456789ab": at("172.18.0.1"),
  br0: at("192.168.2.5"),
  veth12: at("169.254.3.4"),
};

describe("interfaces whose addresses nobody is told", () => {
  it("are those whose names fit a pattern, and no others", () => {
    const left = (patterns: string[]) => [...leftOutAddresses(patterns, interfaces)];
    assert.deepEqual(left(["docker*", "br-*", "veth*"]), ["172.17.0.1", "fd00::1", "172.18.0.1", "169.254.3.4"]);
    assert.deepEqual(left(["br0"]), ["192.168.2.5"]);
    assert.deepEqual(left(["*"]).length, 6);
    assert.deepEqual([left([]), left(["(.+"])], [[], []]);
  });

  it("are taken out of a description, with nothing else", () => {
    const line = (address: string) => `a=candidate:1 1 UDP 2114977791 ${address} 5000 typ host`;
    const sdp = ["v=0", "c=IN IP4 172.17.0.1", line("172.17.0.1"), line("172.17.0.10"), ""].join("\r\n");
    assert.equal(withoutAddresses(sdp, new Set(["172.17.0.1"])), sdp.replace(`${line("172.17.0.1")}\r\n`, ""));
  });
});
