import type { PageDevice } from "../api.ts";

/** What of a device decides how it stands on the wall. */
export type Placed = Pick<PageDevice, "kind" | "tracks" | "speaker">;

/** Kinds of devices that never show a picture of their own: room stations, browsers that are stations, door stations. */
const roomKinds: ReadonlySet<string> = new Set(["room", "page", "door"]);

/** Whether a device is somebody to speak to rather than something to look at: a speaker without a picture. */
export function isRoom({ kind, tracks, speaker }: Placed): boolean {
  if (tracks.some((track) => track.kind === "video")) return false;
  return roomKinds.has(kind) || (speaker !== undefined && tracks.length > 0);
}

/** Devices in the order in which the wall shows them and the keys count them: those with a picture, then rooms. */
export function onWall<Device extends Placed>(devices: readonly Device[]): readonly Device[] {
  return [...devices.filter((device) => !isRoom(device)), ...devices.filter(isRoom)];
}
