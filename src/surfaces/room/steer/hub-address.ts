import { networkInterfaces } from "node:os";
import type { RoomConfig } from "../config.ts";

/** Networks of containers and tunnels: no station is in one of those. */
const virtual = /^(docker|br-|veth|virbr|tun|tap|wg|tailscale|zt|lxc|cni|flannel)/;

/**
 * The hub's own address in the network of the stations: the first of the interfaces that were chosen, or of all that lead
 * somewhere. Undefined while there is none.
 */
export function hubAddress(
  { interfaces }: Pick<RoomConfig, "interfaces">,
  all = networkInterfaces(),
): string | undefined {
  const own = Object.entries(all).flatMap(([name, addresses]) =>
    (addresses ?? []).filter(({ family }) => family === "IPv4").map((one) => ({ name, ...one })),
  );
  const chosen = own.filter(({ name, address, internal }) =>
    interfaces === "auto"
      ? !internal && !virtual.test(name)
      : interfaces.includes(name) || interfaces.includes(address),
  );
  return chosen[0]?.address;
}
