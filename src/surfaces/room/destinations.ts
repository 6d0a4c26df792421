import { transport } from "../../protocols/room/constants.ts";
import type { Destination } from "../../workers/pace/index.ts";
import type { RoomConfig } from "./config.ts";
import type { RoomNetwork } from "./networks.ts";
import type { RoomStation } from "./stations.ts";

/** What {@link destinationsOf} goes by. */
export interface DestinationsOptions {
  readonly config: Pick<RoomConfig, "group" | "port" | "delivery">;
  readonly networks: readonly RoomNetwork[];
  /** Those that are there. */
  readonly stations: readonly RoomStation[];
}

/**
 * Where a talk to all stations is sent: to the group on each network, and to the other group too while somebody is there
 * who was heard on that; a second time to those alone that lose too much of it (`auto`); or to each station alone, where that
 * is set.
 */
export function destinationsOf({ config, networks, stations }: DestinationsOptions): readonly Destination[] {
  const { group, port, delivery } = config;
  const alone = (some: readonly RoomStation[]) =>
    some.flatMap(({ address }) => (address === undefined ? [] : [{ address, port }]));
  if (delivery === "unicast") return alone(stations);
  const groups = groupsOf(group, stations).flatMap((address) =>
    networks.map((network) => ({ address, port, interface: network.address })),
  );
  return delivery === "auto" ? [...groups, ...alone(stations.filter(({ lossy }) => lossy))] : groups;
}

function groupsOf(group: string, stations: readonly RoomStation[]): readonly string[] {
  const known = [transport.group.value, transport.otherGroup.value] as readonly string[];
  const others = stations.flatMap((one) => (one.group !== undefined && known.includes(one.group) ? [one.group] : []));
  return [...new Set([group, ...others])];
}
