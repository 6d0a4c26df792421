import type { ChannelId } from "../../hub/channel.ts";
import type { Hub } from "../../hub/hub.ts";
import { isAllRooms } from "../../protocols/room/topics.ts";
import type { RoomStations } from "./stations.ts";

/** Where names of rooms are looked up. */
export interface TargetPlaces {
  readonly hub: Pick<Hub, "devices" | "house">;
  readonly stations: Pick<RoomStations, "list">;
}

/**
 * Whom somebody means who names a room: everybody, a station by its room or id, any device by its name or id, an area, a
 * group; whatever the case of its letters. Undefined for a name that nobody has, and for none: never everybody instead.
 */
export function channelOf(target: string | undefined, { hub, stations }: TargetPlaces): ChannelId | undefined {
  const wanted = target?.trim().toLowerCase() ?? "";
  if (wanted === "") return undefined;
  if (isAllRooms(wanted)) return "all";
  const is = (...names: (string | undefined)[]) => names.some((name) => name?.toLowerCase() === wanted);
  const named = stations.list().filter(({ id, name }) => is(name, id));
  const station = named.find(({ online }) => online) ?? named[0];
  if (station) return station.deviceId === undefined ? undefined : `device:${station.deviceId}`;
  const device = hub.devices.list().find(({ id, name }) => is(name, id));
  if (device) return `device:${device.id}`;
  const { devices, groups } = hub.house();
  const area = devices.find((one) => is(one.area))?.area;
  if (area !== undefined) return `area:${area}`;
  const group = [...groups.keys()].find((name) => is(name));
  return group === undefined ? undefined : `group:${group}`;
}
