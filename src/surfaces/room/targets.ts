import { type ChannelId, channelNamed } from "../../hub/channel.ts";
import type { Hub } from "../../hub/hub.ts";
import { isAllRooms } from "../../protocols/room/topics.ts";
import type { RoomStations } from "./stations.ts";

/** Where names of rooms are looked up. */
export interface TargetPlaces {
  readonly hub: Pick<Hub, "house" | "devices">;
  readonly stations: Pick<RoomStations, "list">;
  /** What the hub itself is called among the stations. */
  readonly hubName: string;
}

/** Kinds of devices that are browsers: who is at one of them hears what is said to the hub. */
const browsers: readonly string[] = ["page", "room-web"];

/**
 * The channels that somebody means who names a room, or the hub itself: that is every browser that is a station. Empty for a
 * name that nobody has, and for the hub's while there is none of those: never everybody instead.
 */
export function channelsOf(target: string | undefined, places: TargetPlaces): readonly ChannelId[] {
  const channel = channelOf(target, places);
  if (channel !== undefined) return [channel];
  if (target === undefined || !isHub(target, places)) return [];
  return places.hub.devices.list().flatMap((device): readonly ChannelId[] => {
    const { kind } = device.info();
    const there = browsers.includes(kind) && !["away", "disabled"].includes(device.state.phase);
    return there ? [`device:${device.id}`] : [];
  });
}

/** Why a name reaches nobody, in words that go on after it. */
export function whyNobody(target: string, places: Pick<TargetPlaces, "hubName">): string {
  return isHub(target, places)
    ? "is the hub, which is heard where a browser is open as a station, and none is"
    : "is no room";
}

function isHub(target: string, { hubName }: Pick<TargetPlaces, "hubName">): boolean {
  return target.trim().toLowerCase() === hubName.toLowerCase();
}

/**
 * Whom somebody means who names a room: everybody, a station by what it calls its room or by its id, else whatever the hub
 * knows under that name. Undefined for a name that nobody has, and for none: never everybody instead.
 */
export function channelOf(
  target: string | undefined,
  { hub, stations }: Pick<TargetPlaces, "stations"> & { readonly hub: Pick<Hub, "house"> },
): ChannelId | undefined {
  const wanted = target?.trim().toLowerCase() ?? "";
  if (target === undefined || wanted === "") return undefined;
  if (isAllRooms(wanted)) return "all";
  const named = stations.list().filter(({ id, name }) => [id, name].some((one) => one.toLowerCase() === wanted));
  const ids = new Set(named.filter(({ online }) => online).flatMap(({ deviceId }) => deviceId ?? []));
  const [only] = ids;
  if (only !== undefined && ids.size === 1) return `device:${only}`;
  return ids.size > 1 ? undefined : channelNamed(target, hub.house());
}
