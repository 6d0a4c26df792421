import type { HubDevice } from "./api.ts";
import type { OpenableLock } from "./lock-settings.ts";

/** What opens the door of a device: what its settings say; of a door station that says nothing, its command `unlock`. */
export function lockOf(device: Pick<HubDevice, "settings" | "info">): OpenableLock | undefined {
  const lock = device.settings.bell?.lock;
  if (lock) return lock.by === "none" ? undefined : lock;
  if (device.info().kind !== "door") return undefined;
  return { by: "station", command: "unlock", payload: {}, opensForS: 5 };
}
