import { BlockList, isIPv4 } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";
import type { RoomConfig } from "./config.ts";

/** One network on which rooms are: an interface of this machine, by its IPv4 address there. */
export interface RoomNetwork {
  readonly name: string;
  readonly address: string;
  /** Bits of the addresses that are the same in all of it. */
  readonly prefixBits: number;
}

/** What `os.networkInterfaces` gives. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Containers, virtual machines and tunnels: no room is there. */
const noRooms = /^(docker|br-|veth|virbr|cni|flannel|cali|vmnet|vboxnet|tailscale|wg|tun|tap|zt|utun|ppp)/;

/** The networks that the configuration means, of those that are up now. */
export function chosenNetworks(wanted: RoomConfig["interfaces"], interfaces: Interfaces): readonly RoomNetwork[] {
  return Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ address, internal }) => {
        if (!isIPv4(address)) return false;
        return wanted === "auto" ? !internal && !noRooms.test(name) : wanted.includes(name) || wanted.includes(address);
      })
      .map(({ address, cidr }) => ({ name, address, prefixBits: Number(cidr?.split("/")[1] ?? 32) })),
  );
}

/** The network in which an address is; undefined for one behind a router, where no multicast of ours is heard. */
export function networkOf(address: string | undefined, networks: readonly RoomNetwork[]): RoomNetwork | undefined {
  if (address === undefined || !isIPv4(address)) return undefined;
  return networks.find((network) => {
    const block = new BlockList();
    block.addSubnet(network.address, network.prefixBits);
    return block.check(address);
  });
}
