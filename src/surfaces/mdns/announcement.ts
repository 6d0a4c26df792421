import type { NetworkInterfaceInfo } from "node:os";
import type { Announcement, MdnsService } from "../../workers/mdns/index.ts";
import type { Reached } from "../reached.ts";

/** What is known of the hub and its machine. */
export interface Announced {
  /** What HTTP listens on. */
  readonly reached: readonly Reached[];
  /** Stable id of this hub. */
  readonly id: string;
  readonly version: string;
  /** This machine's name. */
  readonly machine: string;
  /** As `os.networkInterfaces()` gives them. */
  readonly interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>;
}

const everywhere: readonly string[] = ["::", "0.0.0.0"];

/** Networks inside this machine, of containers and virtual machines: nobody looks for a hub there. */
const inside =
  /^(docker\d|br-[0-9a-f]{12}|veth[0-9a-f]{6,}|virbr|vnet|cni|flannel|cali|podman|lxc|lxdbr|vmnet|vboxnet)/;

/**
 * What is to be announced by multicast DNS: `_doorward._tcp` where the hub is best reached (HTTPS before HTTP), and `_https._tcp` and
 * `_http._tcp` for browsers; on the network interfaces on which HTTP listens. Undefined when that is this machine alone.
 */
export function announcementOf(announced: Announced): Announcement | undefined {
  const usable = usableAddresses(announced.interfaces);
  const outside = announced.reached
    .map((reached) => ({ ...reached, addresses: usable.filter(({ address }) => isListening(reached.host, address)) }))
    .filter(({ addresses }) => addresses.length > 0)
    .toSorted((one, other) => other.scheme.localeCompare(one.scheme));
  const [best] = outside;
  if (!best) return undefined;
  const interfaces = [...new Set(best.addresses.map(({ device }) => device))].toSorted();
  const all = everywhere.includes(best.host);
  return {
    services: [
      doorward(announced, best),
      ...outside.filter(({ host }) => host === best.host).map((reached) => web(announced, reached)),
    ],
    interfaces,
    addresses: all ? interfaces : best.addresses.map(({ address }) => address).toSorted(),
    ipv4Only: best.host === "0.0.0.0" || best.addresses.every(({ address }) => !address.includes(":")),
  };
}

/** For people, who may have several hubs: what it is, and on which machine. At most 63 bytes (RFC 6763, 4.1.1). */
function nameOf({ machine }: Announced): string {
  const first = machine.split(".")[0]?.replace(/[^\w-]/g, "");
  return first ? `Doorward on ${first}`.slice(0, 56) : "Doorward";
}

function hostnameOf({ id }: Announced): string {
  return `doorward-${id.slice(0, 6)}`;
}

function doorward(announced: Announced, { scheme, port }: Reached): MdnsService {
  const { id, version } = announced;
  const name = nameOf(announced);
  return {
    name,
    type: "doorward",
    hostname: hostnameOf(announced),
    port,
    txt: { id, name, scheme, version, path: "/" },
  };
}

function web(announced: Announced, { scheme, port }: Reached): MdnsService {
  const hostname = `${hostnameOf(announced)}-${scheme}`;
  return { name: nameOf(announced), type: scheme, hostname, port, txt: { path: "/" } };
}

/** Addresses that others can use: not this machine's own, and of IPv6 none that counts on one link only. */
function usableAddresses(interfaces: Announced["interfaces"]) {
  return Object.entries(interfaces)
    .filter(([device]) => !inside.test(device))
    .flatMap(([device, infos]) =>
      (infos ?? [])
        .filter(({ internal, address }) => !internal && !address.startsWith("fe80:"))
        .map(({ address }) => ({ device, address })),
    );
}

function isListening(host: string, address: string): boolean {
  if (host === "::") return true;
  return host === "0.0.0.0" ? !address.includes(":") : host === address;
}
