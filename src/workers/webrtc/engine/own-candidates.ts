import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { leftOutAddresses } from "../left-out.ts";
import type { Endpoint } from "./message.ts";

/** Where this machine may be reached. */
export interface OwnAddresses {
  readonly port: number;
  /** As STUN servers see us. */
  readonly publicAddresses: readonly Endpoint[];
  /** From the settings. */
  readonly announced: readonly string[];
  /** Patterns of names of interfaces that are left out. */
  readonly leaveOutInterfaces?: readonly string[];
}

const maxInterfaceAddresses = 24;

/** Candidate lines (RFC 8839, 5.1): the machine's own addresses, those of the settings, loopback, and the public ones. */
export function ownCandidates(
  addresses: OwnAddresses,
  own: readonly string[] = interfaceAddresses(addresses.leaveOutInterfaces),
): string[] {
  const { port, publicAddresses, announced } = addresses;
  const hosts = [...new Set([...own, ...announced.filter((one) => isIP(one) !== 0), "127.0.0.1"])];
  const reflexive = publicAddresses.filter(({ address }) => !hosts.includes(address));
  return [
    ...hosts.map((address, i) =>
      line({ address, port }, { foundation: `h${i}`, type: "host", preference: 65_535 - i }),
    ),
    ...reflexive.map((one, i) => line(one, { foundation: `s${i}`, type: "srflx", preference: 65_535 - i })),
  ];
}

const typePreference = { host: 126, srflx: 100 } as const;

function line(
  { address, port }: Endpoint,
  how: { readonly foundation: string; readonly type: "host" | "srflx"; readonly preference: number },
): string {
  const priority = typePreference[how.type] * 2 ** 24 + how.preference * 2 ** 8 + 255;
  const related = how.type === "srflx" ? ` raddr ${isIP(address) === 6 ? "::" : "0.0.0.0"} rport 9` : "";
  return `a=candidate:${how.foundation} 1 UDP ${priority} ${address} ${port} typ ${how.type}${related}`;
}

/** Link-local addresses of IPv6 are left out: they mean nothing without the name of an interface. */
function interfaceAddresses(leaveOut: readonly string[] = []): string[] {
  const left = leftOutAddresses(leaveOut);
  return Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address))
    .map(({ address }) => address)
    .filter((address) => !left.has(address))
    .slice(0, maxInterfaceAddresses);
}
