import { BlockList } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

/** A network of this machine's that may be searched. */
export interface SearchedNetwork {
  /** Name of the interface. */
  readonly device: string;
  /** This machine's own address there. */
  readonly own: string;
  /** What is searched of it, e.g. `192.168.1.0/24`. */
  readonly range: string;
  /** The addresses in it that may be somebody else's. */
  readonly hosts: readonly string[];
}

/** Networks of houses (RFC 1918) and those that machines give themselves (RFC 3927): no others are ever searched. */
const houses = new BlockList();
houses.addSubnet("10.0.0.0", 8, "ipv4");
houses.addSubnet("172.16.0.0", 12, "ipv4");
houses.addSubnet("192.168.0.0", 16, "ipv4");
houses.addSubnet("169.254.0.0", 16, "ipv4");

/** The largest part of a network that is searched: 1022 addresses around this machine's own. */
const widest = 22;

/** Bridges of containers and virtual machines: no camera is there. */
const inside = /^(docker\d|br-[0-9a-f]{12}|veth[0-9a-f]{6,}|virbr|cni|flannel|cali|podman|lxc|lxdbr|vmnet|vboxnet)/;

/** Whether an address is one of a house's own network. */
export function isHouseAddress(address: string): boolean {
  return houses.check(address, address.includes(":") ? "ipv6" : "ipv4");
}

/** The private IPv4 networks of this machine, each once, of large ones the part around its own address. */
export function searchedNetworks(interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>): readonly SearchedNetwork[] {
  const seen = new Set<string>();
  return Object.entries(interfaces).flatMap(([device, infos = []]) => {
    if (inside.test(device)) return [];
    return infos.flatMap((info) => {
      const prefix = Number(info.cidr?.split("/")[1]);
      if (info.internal || info.family !== "IPv4" || !(prefix >= 1 && prefix < 32)) return [];
      if (!isHouseAddress(info.address)) return [];
      const network = networkAround(device, { own: info.address, prefix: Math.max(prefix, widest) });
      if (seen.has(network.range)) return [];
      seen.add(network.range);
      return [network];
    });
  });
}

function networkAround(device: string, at: { readonly own: string; readonly prefix: number }): SearchedNetwork {
  const { own, prefix } = at;
  const size = 2 ** (32 - prefix);
  const first = Math.floor(toNumber(own) / size) * size;
  const hosts = Array.from({ length: Math.max(0, size - 2) }, (_, index) => toAddress(first + 1 + index));
  return { device, own, range: `${toAddress(first)}/${prefix}`, hosts: hosts.filter((host) => host !== own) };
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
