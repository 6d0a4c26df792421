import type { Hub } from "../hub/hub.ts";
import { mayUse } from "../hub/reach.ts";
import { deviceStationId, stationIdOf } from "../protocols/room/station-id.ts";
import type { Bus } from "./bus.ts";
import type { DiscoveryRules } from "./discoveries.ts";
import { discoveryTopic } from "./discovery.ts";
import { FormerBells, toldStore } from "./told-store.ts";

/** Whether Home Assistant is told of devices over MQTT: `auto` of those that no integration of its own shows. */
export type DiscoverySetting = "auto" | "on" | "off";

/**
 * Has Home Assistant told of devices over MQTT by these rules from now on, and says in the log when its integration takes that over or
 * gives it back. Its owner disposes it.
 */
export function showOnce(
  hub: Pick<Hub, "devices" | "identity" | "log">,
  { bus, setting }: { readonly bus: Bus; readonly setting: DiscoverySetting },
): Disposable {
  const { pairings } = hub.identity;
  let wasPaired = false;
  const look = () => {
    const isPaired = pairings.list().length > 0;
    if (setting === "auto" && isPaired !== wasPaired) hub.log.info({}, isPaired ? takenOver : givenBack);
    wasPaired = isPaired;
  };
  bus.discoveries.follow(discoveryRules(hub, setting));
  look();
  return pairings.onChange(() => {
    look();
    bus.discoveries.sayAll();
  });
}

const takenOver =
  "MQTT: Home Assistant shows this hub by its integration, so it is not told of the same devices over MQTT (mqtt.discovery: auto)";
const givenBack = "MQTT: Home Assistant's integration is paired no more; it is told of the devices over MQTT again";

/**
 * Who is told of over MQTT: nothing is shown twice. While Home Assistant's own integration is paired, what it may see is its to show, and
 * the hub itself with it, whether it is there now or not.
 */
export function discoveryRules(hub: Pick<Hub, "devices" | "identity">, setting: DiscoverySetting): DiscoveryRules {
  const { devices, identity } = hub;
  const { pairings, policy, store } = identity;
  const hubId = stationIdOf(identity.installation);
  const bells = new FormerBells(store, (deviceId) => deviceStationId(hubId, deviceId));
  const shown = (deviceId: string | undefined) => {
    const paired = pairings.list();
    if (deviceId === undefined) return paired.length > 0;
    const device = devices.get(deviceId);
    return device !== undefined && paired.some(({ principal }) => mayUse(policy, { principal, right: "view", device }));
  };
  const exists = (deviceId: string) => devices.get(deviceId) !== undefined;
  const moved = (id: string) => (bells.take(id) ? discoveryTopic(`${id}_bell`) : undefined);
  return {
    shows: (deviceId) => setting === "on" || (setting === "auto" && !shown(deviceId)),
    exists,
    moved,
    strays: () => bells.strays(exists).flatMap((id) => moved(id) ?? []),
    store: toldStore(store, hubId),
  };
}
