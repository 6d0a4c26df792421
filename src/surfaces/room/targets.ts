import { type ChannelId, channelNamed } from "../../hub/channel.ts";
import type { Hub } from "../../hub/hub.ts";
import { isAllRooms } from "../../protocols/room/topics.ts";
import type { RoomStations } from "./stations.ts";

/** Where names of rooms are looked up. */
export interface TargetPlaces {
  readonly hub: Pick<Hub, "house">;
  readonly stations: Pick<RoomStations, "list">;
}

/**
 * Whom somebody means who names a room: everybody, a station by what it calls its room or by its id, else whatever the hub
 * knows under that name. Undefined for a name that nobody has, and for none: never everybody instead.
 */
export function channelOf(target: string | undefined, { hub, stations }: TargetPlaces): ChannelId | undefined {
  const wanted = target?.trim().toLowerCase() ?? "";
  if (target === undefined || wanted === "") return undefined;
  if (isAllRooms(wanted)) return "all";
  const named = stations.list().filter(({ id, name }) => [id, name].some((one) => one.toLowerCase() === wanted));
  const ids = new Set(named.filter(({ online }) => online).flatMap(({ deviceId }) => deviceId ?? []));
  const [only] = ids;
  if (only !== undefined && ids.size === 1) return `device:${only}`;
  return ids.size > 1 ? undefined : channelNamed(target, hub.house());
}
