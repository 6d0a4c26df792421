import type { House } from "../../../hub/channel.ts";
import type { Ring } from "../../../hub/rings.ts";
import { allRooms } from "../../../protocols/room/topics.ts";

/** What {@link calledRooms} goes by. */
export interface CalledRoomsOptions {
  readonly ring: Pick<Ring, "to" | "deviceIds" | "callerDevice">;
  readonly house: Pick<House, "devices">;
  /** What a device is called in messages. */
  readonly nameOf: (deviceId: string) => string | undefined;
}

/**
 * The targets under which a ring is told to those who listen for calls over MQTT: everybody's name once where everybody is rung,
 * otherwise each room that is rung, once. Who does not want to be disturbed is not among them.
 */
export function calledRooms({ ring, house, nameOf }: CalledRoomsOptions): readonly string[] {
  const others = house.devices.filter(({ id, speaks }) => speaks && id !== ring.callerDevice);
  const all = ring.to.includes("all") && others.every(({ id }) => ring.deviceIds.includes(id));
  if (all && ring.deviceIds.length > 0) return [allRooms];
  return [...new Set(ring.deviceIds.flatMap((id) => nameOf(id) ?? []))];
}
