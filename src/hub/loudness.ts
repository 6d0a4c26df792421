import type { DeviceSettings } from "./device-settings.ts";
import type { Priority } from "./floors.ts";

/**
 * How loud a turn is at a speaker, as a factor of its samples; undefined where nothing is to be heard of it. An emergency
 * is never muted and never quieter than the sound itself; the settings stay as they are.
 */
export function loudnessOf(
  { volume, muted }: Pick<DeviceSettings, "volume" | "muted">,
  priority: Priority,
): number | undefined {
  if (priority === 2) return Math.max(1, volume);
  return muted || volume === 0 ? undefined : volume;
}

/** The setting `volume` (1 leaves the sound as it is) of a knob from 0 to 100, as rooms and MQTT have it. */
export function volumeOfPercent(percent: number): number {
  return Math.min(100, Math.max(0, Math.round(percent))) / 100;
}

/** The knob's place for the setting `volume`; louder than the sound itself is 100 too. */
export function percentOfVolume(volume: number): number {
  return Math.min(100, Math.max(0, Math.round(volume * 100)));
}
