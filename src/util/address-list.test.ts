import assert from "node:assert/strict";
import { it } from "node:test";
import { addressList } from "./address-list.ts";

it("a list names addresses, subnets and the usual ranges", () => {
  const has = addressList(["127.0.0.1", "10.1.0.0/16", "2001:db8::/32", "uniquelocal", "nonsense"]);
  const listed = ["127.0.0.1", "::ffff:127.0.0.1", "10.1.2.3", "2001:db8:1::5", "192.168.1.9", "fd00::1%eth0"];
  for (const address of listed) assert.equal(has(address), true, address);
  for (const address of ["127.0.0.2", "11.0.0.1", "2001:db9::1", "", "nonsense"]) {
    assert.equal(has(address), false, address);
  }
});
