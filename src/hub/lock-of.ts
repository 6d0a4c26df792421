import type { HubDevice } from "./api.ts";
import type { DeviceSettings } from "./device-settings.ts";
import type { OpenableLock } from "./lock-settings.ts";

/** What opens the door of a device: what its settings say; of a door station that says nothing, its command `unlock`. */
export function lockOf(device: Pick<HubDevice, "settings" | "info">): OpenableLock | undefined {
  return lockOfKind(device.settings, device.info().kind);
}

/** {@link lockOf}, of settings and the driver's or arrival's kind. */
export function lockOfKind({ bell }: Pick<DeviceSettings, "bell">, kind: string): OpenableLock | undefined {
  const lock = bell?.lock;
  if (lock) return lock.by === "none" ? undefined : lock;
  if (kind !== "door") return undefined;
  return { by: "station", command: "unlock", payload: {}, opensForS: 5 };
}
