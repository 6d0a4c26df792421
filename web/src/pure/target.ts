import type { ChannelId } from "../../../src/hub/channel.ts";
import type { PageDevice } from "../api.ts";
import { t, tn } from "../language/t.ts";

/** Whom the talk bar speaks to. */
export interface Target {
  readonly to: readonly ChannelId[];
  /** For people: a device's name, an area's, "All Rooms". */
  readonly name: string;
  /** The devices that it means, as far as the page knows. */
  readonly devices: readonly PageDevice[];
}

/** What one can choose to speak to. */
export interface TargetChoice {
  readonly to: ChannelId;
  readonly name: string;
  readonly kind: "device" | "area" | "group" | "all";
}

/** What of the house the choices are made of. */
export interface TargetHouse {
  /** Those that this person may talk through. */
  readonly devices: readonly PageDevice[];
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

/** All that can be spoken to; areas, groups and everybody only where they mean more than one device. */
export function targetChoices(house: TargetHouse): readonly TargetChoice[] {
  const { devices, groups } = house;
  const areas = [...new Set(devices.flatMap(({ area }) => (area ? [area] : [])))];
  const several: TargetChoice[] = [
    { to: "all", name: t("All Rooms"), kind: "all" },
    ...areas.map((name): TargetChoice => ({ to: `area:${name}`, name, kind: "area" })),
    ...[...groups.keys()].map((name): TargetChoice => ({ to: `group:${name}`, name, kind: "group" })),
  ];
  return [
    ...devices.map(({ id, name }): TargetChoice => ({ to: `device:${id}`, name, kind: "device" })),
    ...several.filter(({ to }) => meant(to, house).length > 1),
  ];
}

/** The target of one or several channels. */
export function targetOf(to: readonly ChannelId[], house: TargetHouse): Target {
  const devices = [...new Set(to.flatMap((channel) => meant(channel, house)))];
  const [first] = to;
  const only = to.length === 1 && first ? targetChoices(house).find((choice) => choice.to === first)?.name : undefined;
  const name =
    only ?? (devices.length === 1 ? (devices[0]?.name ?? "") : tn(devices.length, "{count} device", "{count} devices"));
  return { to, name, devices };
}

/** What was chosen on the wall. */
export interface WallChoice {
  readonly to: readonly ChannelId[];
  /** Several are being chosen: none is a choice as well. */
  readonly several: boolean;
  /** The camera or room that was chosen by itself. */
  readonly chosen: PageDevice | undefined;
}

/** Whom the wall speaks to: what was chosen, else the first device that is ready to be spoken through. */
export function spokenTo(house: TargetHouse, { to, several, chosen }: WallChoice): Target | undefined {
  const wanted = to.length > 0 ? targetOf(to, house) : undefined;
  if (wanted && (wanted.devices.length > 0 || several)) return wanted;
  const free = ({ speaker, state }: PageDevice) => state.phase === "live" && !speaker?.doNotDisturb;
  const { devices } = house;
  // Who was chosen is spoken to or nobody is: another one only while there is no choice.
  const device = chosen ?? devices.find(free) ?? devices[0];
  return device && targetOf([`device:${device.id}`], { ...house, devices: [...new Set([...devices, device])] });
}

function meant(channel: ChannelId, { devices, groups }: TargetHouse): readonly PageDevice[] {
  if (channel === "all") return devices;
  const at = channel.indexOf(":");
  const name = channel.slice(at + 1);
  if (channel.startsWith("device:")) return devices.filter(({ id }) => id === name);
  if (channel.startsWith("area:")) return devices.filter(({ area }) => area === name);
  const ids = groups.get(name) ?? [];
  return devices.filter(({ id }) => ids.includes(id));
}
