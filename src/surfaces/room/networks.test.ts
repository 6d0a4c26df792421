import assert from "node:assert/strict";
import type { NetworkInterfaceInfo } from "node:os";
import { describe, it } from "node:test";
import { chosenNetworks, networkOf } from "./networks.ts";

const at = (cidr: string, internal = false) =>
  ({ address: cidr.split("/")[0], cidr, internal, family: "IPv4" }) as NetworkInterfaceInfo;

const interfaces = {
  lo: [at("127.0.0.1/8", true)],
  eth0: [at("192.168.1.5/24"), { address: "fe80::1", cidr: "fe80::1/64" } as NetworkInterfaceInfo],
  wlan0: [at("10.0.0.5/16")],
  docker0: [at("172.17.0.1/16")],
  tun0: [at("10.8.0.2/24")],
};
const names = (wanted: "auto" | readonly string[]) => chosenNetworks(wanted, interfaces).map(({ name }) => name);

describe("networks on which rooms are", () => {
  it("are all that are no container's and no tunnel's", () => assert.deepEqual(names("auto"), ["eth0", "wlan0"]));

  it("or those that are named, by name or address, also loopback", () => {
    assert.deepEqual(names(["lo"]), ["lo"]);
    assert.deepEqual(names(["10.8.0.2", "eth0", "eth7"]), ["eth0", "tun0"]);
  });

  it("hold the addresses of their part of the network, and no others", () => {
    const networks = chosenNetworks("auto", interfaces);
    assert.equal(networkOf("192.168.1.77", networks)?.name, "eth0");
    assert.equal(networkOf("10.0.200.1", networks)?.name, "wlan0");
    for (const other of ["192.168.2.1", "fe80::5", "kitchen", undefined])
      assert.equal(networkOf(other, networks), undefined);
  });
});
