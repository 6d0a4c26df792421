import { BlockList, isIP, isIPv6 } from "node:net";

/** Names for ranges, as Express and Fastify know them for trusted proxies. */
const ranges: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  linklocal: ["169.254.0.0/16", "fe80::/10"],
  uniquelocal: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/**
 * True for the addresses of a list: addresses, subnets (`10.0.0.0/8`), and the names `loopback`, `linklocal` and
 * `uniquelocal`. Any other text names nobody.
 */
export function addressList(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries.flatMap((name) => ranges[name] ?? [name])) {
    const [address = "", bits] = entry.split("/");
    if (isIP(address) === 0) continue;
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const plain = address.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
    return isIP(plain) !== 0 && list.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
  };
}
