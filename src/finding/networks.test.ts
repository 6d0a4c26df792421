import assert from "node:assert/strict";
import type { NetworkInterfaceInfo } from "node:os";
import { describe, it } from "node:test";
import { isHouseAddress, searchedNetworks } from "./networks.ts";

const ipv4 = (cidr: string, internal = false) =>
  ({ address: cidr.split("/")[0], family: "IPv4", cidr, internal }) as NetworkInterfaceInfo;

describe("the networks that are searched", () => {
  it("are this machine's private ones, without its own address", () => {
    const [network, ...others] = searchedNetworks({
      lo: [ipv4("127.0.0.1/8", true)],
      eth0: [ipv4("192.168.1.20/24"), { address: "fd00::20", family: "IPv6" } as NetworkInterfaceInfo],
      wlan0: [ipv4("192.168.1.21/24")],
      wan0: [ipv4("203.0.113.9/24")],
      docker0: [ipv4("172.17.0.1/16")],
      tun0: [ipv4("10.8.0.2/32")],
    });
    assert.deepEqual(others, []);
    assert.deepEqual([network?.device, network?.own, network?.range], ["eth0", "192.168.1.20", "192.168.1.0/24"]);
    assert.equal(network?.hosts.length, 253);
    assert.deepEqual([network?.hosts[0], network?.hosts.at(-1)], ["192.168.1.1", "192.168.1.254"]);
    assert.ok(!network?.hosts.includes("192.168.1.20"));
  });

  it("are searched no wider than the 1022 addresses around this machine's own", () => {
    const [network] = searchedNetworks({ eth0: [ipv4("10.1.7.9/8")] });
    assert.equal(network?.range, "10.1.4.0/22");
    assert.equal(network?.hosts.length, 1021);
    assert.deepEqual([network?.hosts[0], network?.hosts.at(-1)], ["10.1.4.1", "10.1.7.254"]);
  });

  it("hold no public address, no loopback and no IPv6", () => {
    for (const address of ["8.8.8.8", "127.0.0.1", "172.32.0.1", "100.64.0.1", "::1", "fd00::1", "192.169.0.1"])
      assert.equal(isHouseAddress(address), false, address);
    for (const address of ["10.0.0.1", "172.31.255.1", "192.168.0.1", "169.254.3.4"])
      assert.equal(isHouseAddress(address), true, address);
  });
});
