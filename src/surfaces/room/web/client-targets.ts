import type { HubDevice } from "../../../hub/api.ts";
import type { Hub } from "../../../hub/hub.ts";
import { mayUse } from "../../../hub/reach.ts";
import type { RoomStation } from "../stations.ts";
import type { Who } from "./who.ts";

/** Options of {@link targetsOf}. */
export interface TargetsOptions {
  readonly hub: Pick<Hub, "devices" | "house" | "identity">;
  readonly stations: { list(): readonly RoomStation[] };
  readonly who: Who;
  /** The client itself is not among them. */
  readonly ownId: string | undefined;
}

const absent: readonly string[] = ["away", "disabled", "trouble", "wrong-password"];

/** Whom a client can speak to now, by what people call them: stations and other devices, then areas and groups of them. */
export function targetsOf(options: TargetsOptions): readonly string[] {
  const { hub, ownId } = options;
  const house = hub.house();
  const speaks = new Set(house.devices.filter((device) => device.speaks).map(({ id }) => id));
  const there = hub.devices.list().filter((device) => speaks.has(device.id) && isThere(device, options));
  const others = there.filter(({ id }) => id !== ownId);
  const ids = new Set(others.map(({ id }) => id));
  const areas = others.flatMap(({ area }) => area ?? []);
  const groups = [...house.groups].filter(([, members]) => members.some((id) => ids.has(id))).map(([name]) => name);
  const own = ownId === undefined ? undefined : hub.devices.get(ownId)?.name;
  const sorted = (names: readonly string[]) => [...names].sort((a, b) => a.localeCompare(b));
  const all = [...sorted(others.map(({ name }) => name)), ...sorted([...areas, ...groups])];
  return [...new Set(all)].filter((name) => name !== own);
}

function isThere(device: HubDevice, { hub, stations, who }: TargetsOptions): boolean {
  if (absent.includes(device.state.phase)) return false;
  if (who.kind === "guest" && device.settings.preview) return false;
  const { principal } = who.kind === "known" ? who : { principal: undefined };
  if (principal && !mayUse(hub.identity.policy, { principal, right: "talk", device })) return false;
  const station = stations.list().find(({ deviceId }) => deviceId === device.id);
  return station === undefined || (station.online && !station.leaving);
}
