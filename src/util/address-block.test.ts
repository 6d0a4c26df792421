import assert from "node:assert/strict";
import { it } from "node:test";
import { addressBlock } from "./address-block.ts";

it("addresses of one household are one block: an IPv4 address, an IPv6 /64", () => {
  const blocks: readonly (readonly [string, string])[] = [
    ["192.168.1.20", "192.168.1.20"],
    ["::ffff:192.168.1.20", "192.168.1.20"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["nonsense", "nonsense"],
  ];
  for (const [address, block] of blocks) assert.equal(addressBlock(address), block, address);
});
