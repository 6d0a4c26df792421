import { z } from "zod";

/**
 * What the floor is about, by name: one device's speaker, the devices of an area, a configured group, or all that there
 * are. The one form of it everywhere: floors, messages, page, API, command line.
 */
export type ChannelId = "all" | `device:${string}` | `area:${string}` | `group:${string}`;

/** What of a house decides whom a channel reaches. */
export interface House {
  /** In the order in which people see them; previews are not among them. */
  readonly devices: readonly {
    readonly id: string;
    /** What people call it. */
    readonly name?: string | undefined;
    readonly area?: string | undefined;
    /** False when it is known that nothing can be said there now: it has no speaker, or is switched off. */
    readonly speaks: boolean;
  }[];
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

/** True for text that names a channel; whether anything is there is another question. */
export function isChannelId(text: string): text is ChannelId {
  return text === "all" || /^(device|area|group):[^\p{Cc}]{1,128}$/u.test(text);
}

/** A channel's name from outside. */
export const channelSchema = z
  .string()
  .max(136)
  .refine(isChannelId, { message: "device:<id>, area:<name>, group:<name> or all" });

/** Several channels at once, as somebody chooses them: at least one. */
export const channelsSchema = z.union([
  channelSchema.transform((channel): readonly ChannelId[] => [channel]),
  z.array(channelSchema).min(1).max(64).readonly(),
]);

/** The configuration file's `groups:`, each a name with the ids of its devices. */
export const groupsConfig = z
  .record(
    z
      .string()
      .min(1)
      .max(64)
      .regex(/^[^\p{Cc}]+$/u, "only printable characters"),
    z.array(z.string().min(1).max(128)).max(1000).readonly(),
  )
  .default({})
  .describe(
    "Groups of devices that can be spoken to at once: a name with the ids of its devices, e.g. outside: [gate, yard].",
  );

/**
 * The devices that `channels` mean now, each once. A device that is named is always meant, whatever is known of it; of an
 * area, a group and all, those that can be spoken through.
 */
export function membersOf(channels: readonly ChannelId[], house: House): readonly string[] {
  return [...new Set(channels.flatMap((channel) => membersOfOne(channel, house)))];
}

function membersOfOne(channel: ChannelId, { devices, groups }: House): readonly string[] {
  const speaking = devices.filter(({ speaks }) => speaks);
  if (channel === "all") return speaking.map(({ id }) => id);
  const [kind, name] = partsOf(channel);
  if (kind === "device") return [name];
  if (kind === "area") return speaking.filter(({ area }) => area === name).map(({ id }) => id);
  const group = groups.get(name) ?? [];
  return speaking.filter(({ id }) => group.includes(id)).map(({ id }) => id);
}

/** Kind and name of a channel; `all` has the name "". */
export function partsOf(channel: ChannelId): readonly ["all" | "device" | "area" | "group", string] {
  if (channel === "all") return ["all", ""];
  const at = channel.indexOf(":");
  return [channel.slice(0, at) as "device" | "area" | "group", channel.slice(at + 1)];
}

const everybody: ReadonlySet<string> = new Set(["all", "all rooms", "all_rooms"]);

/**
 * The channel that somebody means by what they wrote: a channel's own name, "All Rooms", or what a device, a group or an area
 * is called, in any case of its letters. Undefined for what nothing is called, and for a name that two devices have: it is
 * refused, and never turned into somebody else or everybody.
 */
export function channelNamed(text: string, house: House): ChannelId | undefined {
  const wanted = folded(text);
  if (everybody.has(wanted)) return "all";
  const named = isChannelId(text) ? partsOf(text) : undefined;
  if (named) return channelCalled(named[1], { house, kind: named[0] });
  for (const kind of ["device", "group", "area"] as const) {
    const channel = channelCalled(text, { house, kind });
    if (channel !== undefined || (kind === "device" && devicesCalled(wanted, house).length > 1)) return channel;
  }
  return undefined;
}

function channelCalled(
  text: string,
  { house, kind }: { readonly house: House; readonly kind: "all" | "device" | "group" | "area" },
): ChannelId | undefined {
  const wanted = folded(text);
  if (kind === "group") {
    const group = [...house.groups.keys()].find((name) => folded(name) === wanted);
    return group === undefined ? undefined : `group:${group}`;
  }
  if (kind === "area") {
    const area = house.devices.find((device) => device.area !== undefined && folded(device.area) === wanted)?.area;
    return area === undefined ? undefined : `area:${area}`;
  }
  const found = devicesCalled(wanted, house);
  return found.length === 1 && found[0] !== undefined ? `device:${found[0]}` : undefined;
}

/** An id is one device's only; a name may be several devices'. */
function devicesCalled(wanted: string, { devices }: House): readonly string[] {
  const own = devices.filter(({ id }) => id === wanted);
  return (own.length > 0 ? own : devices.filter(({ name }) => name && folded(name) === wanted)).map(({ id }) => id);
}

function folded(text: string): string {
  return text.normalize("NFC").trim().toLowerCase();
}
