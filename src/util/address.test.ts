import assert from "node:assert/strict";
import { test } from "node:test";
import { assertPublicOrLan, checkedLookup, isRefusedAddress } from "./address.ts";

test("addresses of this machine, link-local, multicast and metadata addresses are refused", () => {
  for (const address of [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "169.254.169.254",
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "100.100.100.200",
    "::",
    "::1",
    "fe80::1%eth0",
    "ff02::fb",
    "fd00:ec2::254",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
  ]) {
    assert.ok(isRefusedAddress(address), address);
    assert.throws(() => assertPublicOrLan(address), { code: "refused-address" });
  }
});

test("the internet and the local network are allowed", () => {
  for (const address of [
    "192.168.1.20",
    "10.0.0.5",
    "172.16.4.4",
    "93.184.216.34",
    "fd12:3456::1",
    "2606:4700::1111",
  ]) {
    assert.ok(!isRefusedAddress(address), address);
  }
});

test("a name that resolves to this machine is refused at the look-up", async () => {
  const error = await new Promise((resolve) =>
    checkedLookup("localhost", { all: true }, (failure) => resolve(failure)),
  );
  assert.equal((error as { code?: string }).code, "refused-address");
});
