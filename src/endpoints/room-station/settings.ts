import { z } from "zod";
import { isAllRooms, parsePercent, parsePriority, parseSwitch, type RoomTopic } from "../../protocols/room/topics.ts";

/** What people have set of a station. An emergency and a call sound over it and change nothing of it. */
export const stationSettingsSchema = z.object({
  volume: z.int().min(0).max(100).default(80),
  mute: z.boolean().default(false),
  dnd: z.boolean().default(false),
  target: z.string().min(1).max(64).default("All Rooms"),
  priority: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0),
});
export type StationSettings = z.infer<typeof stationSettingsSchema>;

/** The change that a command asks for; undefined for a payload that nobody expects, and for what is no setting. */
export function changeOf(what: RoomTopic, payload: string): Partial<StationSettings> | undefined {
  switch (what) {
    case "volume":
      return given("volume", parsePercent(payload));
    case "mute":
      return given("mute", parseSwitch(payload));
    case "dnd":
      return given("dnd", parseSwitch(payload));
    case "priority":
      return given("priority", parsePriority(payload));
    case "target":
      return given("target", targetOf(payload));
    default:
      return undefined;
  }
}

function given<K extends keyof StationSettings>(key: K, value: StationSettings[K] | undefined) {
  return value === undefined ? undefined : ({ [key]: value } as Partial<StationSettings>);
}

/** A room's name; everybody under one name, however it was written. */
function targetOf(payload: string): string | undefined {
  const target = payload.trim();
  if (target === "" || target.length > 64) return undefined;
  return isAllRooms(target) ? "All Rooms" : target;
}
