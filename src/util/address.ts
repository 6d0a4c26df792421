import { type LookupAddress, lookup } from "node:dns";
import { BlockList, isIP, isIPv6, type LookupFunction } from "node:net";
import { FatalError } from "./errors.ts";

const refused = new BlockList();
refused.addSubnet("0.0.0.0", 8, "ipv4"); // "this network", RFC 6890
refused.addSubnet("127.0.0.0", 8, "ipv4"); // loopback
refused.addSubnet("169.254.0.0", 16, "ipv4"); // link-local, and with it every cloud's metadata service
refused.addSubnet("224.0.0.0", 4, "ipv4"); // multicast
refused.addSubnet("240.0.0.0", 4, "ipv4"); // reserved and broadcast
refused.addAddress("100.100.100.200", "ipv4"); // metadata service outside link-local (Alibaba)
refused.addAddress("::", "ipv6");
refused.addAddress("::1", "ipv6");
refused.addSubnet("fe80::", 10, "ipv6");
refused.addSubnet("ff00::", 8, "ipv6");
refused.addAddress("fd00:ec2::254", "ipv6"); // metadata service (AWS)
refused.addSubnet("64:ff9b::", 96, "ipv6"); // NAT64: would reach the IPv4 addresses above

/**
 * True for an IP address that somebody who is no administrator may not make the hub connect to: loopback, link-local,
 * multicast and metadata addresses. Addresses of the local network are allowed. IPv4 written as IPv6
 * counts as what it is.
 */
export function isRefusedAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, "");
  return refused.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** True for an IP address of this machine itself. IPv4 written as IPv6 counts as what it is. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, "");
  return isIP(plain) !== 0 && loopback.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
}

/** Throws FatalError `refused-address` for an address that {@link isRefusedAddress} names. */
export function assertPublicOrLan(address: string): void {
  if (isRefusedAddress(address)) {
    throw new FatalError(`address refused: ${address} is this machine's own or not a device's`, {
      code: "refused-address",
    });
  }
}

/**
 * A `lookup` for `net.connect` and `http.request` that resolves once and gives only addresses that passed
 * {@link assertPublicOrLan}, so that the checked address is the one connected to. Not asked for IP literals: check
 * those with {@link assertPublicOrLan}.
 */
export const checkedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => {
    if (error) return callback(error, "", 4);
    try {
      for (const { address } of addresses) assertPublicOrLan(address);
    } catch (refusal) {
      return callback(refusal as Error, "", 4);
    }
    const first = addresses[0];
    if (options.all) callback(null, addresses);
    else callback(null, first?.address ?? "", first?.family ?? 4);
  });
};
