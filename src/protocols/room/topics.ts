import { z } from "zod";
import { type StationCallWish, stationCallWishSchema } from "./calls.ts";

/** What stands in front of everything about rooms. */
const root = "intercom";

/** Things of a station that have a state and, with `/set` behind, a command. */
export const roomTopics = [
  "status",
  "state",
  "volume",
  "mute",
  "led",
  "agc",
  "mic_gain",
  "target",
  "priority",
  "dnd",
  "chime",
  "key",
  "heard",
  "ending",
  "call",
] as const;

/** One of them. */
export type RoomTopic = (typeof roomTopics)[number];

/** What a topic of rooms is about. */
export type RoomAddress =
  | { readonly kind: "state"; readonly station: string; readonly what: RoomTopic }
  | { readonly kind: "command"; readonly station: string; readonly what: RoomTopic }
  | { readonly kind: "notify"; readonly station: string }
  | { readonly kind: "info"; readonly station: string }
  | { readonly kind: "call" };

/** All that stations and hub say about rooms: to be subscribed to. */
export const roomFilters = [`${root}/+/+`, `${root}/+/+/set`, `${root}/devices/+/info`, `${root}/call`] as const;

const topicNames: ReadonlySet<string> = new Set(roomTopics);
const stationName = /^[A-Za-z0-9_-]{1,64}$/;

/** What `topic` is about; undefined for one that is not ours. */
export function parseRoomTopic(topic: string): RoomAddress | undefined {
  const [first, station = "", what = "", last, ...more] = topic.split("/");
  if (first !== root || more.length > 0) return undefined;
  if (topic === `${root}/call`) return { kind: "call" };
  if (station === "devices") {
    return last === "info" && stationName.test(what) ? { kind: "info", station: what } : undefined;
  }
  if (!stationName.test(station)) return undefined;
  if (what === "notify" && last === undefined) return { kind: "notify", station };
  if (!topicNames.has(what) || (last !== undefined && last !== "set")) return undefined;
  return { kind: last === "set" ? "command" : "state", station, what: what as RoomTopic };
}

/** The topic of an address. */
export function roomTopicOf(address: RoomAddress): string {
  switch (address.kind) {
    case "state":
      return `${root}/${address.station}/${address.what}`;
    case "command":
      return `${root}/${address.station}/${address.what}/set`;
    case "notify":
      return `${root}/${address.station}/notify`;
    case "info":
      return `${root}/devices/${address.station}/info`;
    case "call":
      return `${root}/call`;
  }
}

const roomName = z.string().min(1).max(64);

/** `intercom/devices/<id>/info`: who is there. An empty payload takes it away. */
export const stationInfoSchema = z.object({
  room: roomName,
  ip: z.union([z.ipv4(), z.ipv6()]).optional(),
  id: z.string().regex(stationName),
  is_mobile: z.boolean().optional(),
  /** The version of calls that it knows, `1`; absent of stations that know none. */
  calls: z.string().max(8).optional().catch(undefined),
  /** `cancelled`: what it plays is not in what it says, also while it does both. */
  echo: z.string().max(16).optional().catch(undefined),
});
export type StationInfo = z.infer<typeof stationInfoSchema>;

/** `intercom/call`: somebody rings a room. */
export const roomCallSchema = z.object({
  target: roomName,
  caller: roomName,
  source: z.string().max(32).optional(),
  chime: z.string().max(128).optional(),
});
export type RoomCall = z.infer<typeof roomCallSchema>;

/** `intercom/<id>/heard`: what came of a talk to the group, told when it is over. */
const heardSchema = z.object({
  /** Who spoke: 16 hexadecimal digits. */
  from: z.string().regex(/^[0-9a-f]{16}$/),
  /** Packets that came by the group, each once, silence too. */
  heard: z.int().min(0).max(1_000_000),
  /** Packets between the first and the last of them that did not. */
  lost: z.int().min(0).max(1_000_000),
});

/** What a station tells beside how it stands; never kept by a broker. */
export type StationReport =
  /** It has this key of the group. */
  | { readonly kind: "key"; readonly keyId: number }
  | ({ readonly kind: "heard" } & z.infer<typeof heardSchema>)
  /** Somebody there wants something of its call. */
  | { readonly kind: "call"; readonly wish: StationCallWish };

/** `intercom/<id>/key`, `/heard` and `/call`; undefined for anything else. */
export function parseStationReport(what: RoomTopic, payload: string): StationReport | undefined {
  if (what === "key") {
    const keyId = Number(payload);
    return /^\d{1,3}$/.test(payload) && keyId < 256 ? { kind: "key", keyId } : undefined;
  }
  if (what === "call") {
    const wish = parseRoomJson(payload, stationCallWishSchema);
    return wish && { kind: "call", wish };
  }
  const heard = what === "heard" ? parseRoomJson(payload, heardSchema) : undefined;
  return heard && { kind: "heard", ...heard };
}

/** What a station does, as it says. */
export type StationActivity = "idle" | "receiving" | "transmitting";
const activity = z.enum(["idle", "receiving", "transmitting"]);
const stateSchema = z.union([
  z.object({ state: activity, target: roomName.optional() }),
  activity.transform((state) => ({ state })),
]);

/**
 * `intercom/<id>/state`: JSON from firmware (`{"state":"transmitting","target":"Kitchen"}`), one word from the original
 * hub. Undefined for anything else.
 */
export function parseStationState(
  payload: string,
): { readonly state: StationActivity; readonly target?: string | undefined } | undefined {
  return stateSchema.safeParse(jsonOr(payload)).data;
}

/** JSON of a shape; undefined for what has another or is no JSON. */
export function parseRoomJson<T>(payload: string, schema: z.ZodType<T>): T | undefined {
  return schema.safeParse(jsonOr(payload)).data;
}

/** ON and OFF, and what else people's automations send; undefined for anything else. */
export function parseSwitch(payload: string): boolean | undefined {
  if (/^(on|true|1)$/i.test(payload.trim())) return true;
  if (/^(off|false|0)$/i.test(payload.trim())) return false;
  return undefined;
}

/** 0 to 100; undefined for what is no number. */
export function parsePercent(payload: string): number | undefined {
  const text = payload.trim();
  const number = Number(text);
  return text === "" || !Number.isFinite(number) ? undefined : Math.min(100, Math.max(0, Math.round(number)));
}

/** Normal, High, Emergency; undefined for anything else. */
export function parsePriority(payload: string): 0 | 1 | 2 | undefined {
  const at = priorityWords.findIndex((word) => word.toLowerCase() === payload.trim().toLowerCase());
  return at < 0 ? undefined : (at as 0 | 1 | 2);
}

/** Priorities as words, by number. */
export const priorityWords = ["Normal", "High", "Emergency"] as const;

/** True for what stations call everybody. */
export function isAllRooms(target: string): boolean {
  return /^all(?: rooms)?$/i.test(target.trim());
}

/** What everybody is called to stations. */
export const allRooms = "All Rooms";

function jsonOr(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return payload;
  }
}
