import assert from "node:assert/strict";
import type { NetworkInterfaceInfo } from "node:os";
import { describe, it } from "node:test";
import type { Reached } from "../reached.ts";
import { announcementOf } from "./announcement.ts";

const address = (one: string): NetworkInterfaceInfo =>
  ({ address: one, internal: one === "127.0.0.1" || one === "::1" }) as NetworkInterfaceInfo;
const machine = {
  lo: ["127.0.0.1", "::1"].map(address),
  eth0: ["192.168.1.20", "fd00::20", "fe80::20"].map(address),
  wlan0: ["10.0.0.7"].map(address),
  docker0: ["172.17.0.1"].map(address),
  "br-0123456789ab": ["172.18.0.1"].map(address),
  veth01ab23c: ["fe80::9"].map(address),
};

const told = (reached: readonly Reached[], interfaces: typeof machine | Record<string, never> = machine) =>
  announcementOf({ reached, id: "0123456789abcdef", version: "1.2.3", machine: "nas.example.org", interfaces });
const plain: Reached = { scheme: "http", host: "127.0.0.1", port: 8480 };

describe("what is announced on the network", () => {
  it("is where HTTPS listens, on every network of the machine but those inside it", () => {
    const announcement = told([plain, { scheme: "https", host: "::", port: 8443 }]);
    assert.deepEqual(announcement, {
      services: [
        {
          ...{ name: "Doorward on nas", type: "doorward", hostname: "doorward-012345", port: 8443 },
          txt: { id: "0123456789abcdef", name: "Doorward on nas", scheme: "https", version: "1.2.3", path: "/" },
        },
        { name: "Doorward on nas", type: "https", hostname: "doorward-012345-https", port: 8443, txt: { path: "/" } },
      ],
      interfaces: ["eth0", "wlan0"],
      addresses: ["eth0", "wlan0"],
      ipv4Only: false,
    });
  });

  it("is nothing for a hub that listens on its own machine alone, or whose machine has no network", () => {
    assert.equal(told([plain, { scheme: "https", host: "127.0.0.1", port: 8443 }]), undefined);
    assert.equal(told([plain, { scheme: "https", host: "::1", port: 8443 }]), undefined);
    assert.equal(told([plain, { scheme: "https", host: "::", port: 8443 }], {}), undefined);
    assert.equal(told([]), undefined);
  });

  it("is one address where HTTPS has only that, and no IPv6 where it has none", () => {
    const one = told([{ scheme: "https", host: "192.168.1.20", port: 8443 }]);
    assert.deepEqual([one?.interfaces, one?.addresses, one?.ipv4Only], [["eth0"], ["192.168.1.20"], true]);
    const four = told([{ scheme: "https", host: "0.0.0.0", port: 8443 }]);
    assert.deepEqual([four?.interfaces, four?.ipv4Only], [["eth0", "wlan0"], true]);
    const six = told([{ scheme: "https", host: "fd00::20", port: 8443 }]);
    assert.deepEqual([six?.addresses, six?.ipv4Only], [["fd00::20"], false]);
  });

  it("is plain HTTP where the configuration opens that and leaves HTTPS to a proxy", () => {
    const announcement = told([{ scheme: "http", host: "0.0.0.0", port: 80 }]);
    assert.deepEqual(
      announcement?.services.map(({ type, port, txt }) => [type, port, txt["scheme"]]),
      [
        ["doorward", 80, "http"],
        ["http", 80, undefined],
      ],
    );
  });
});
