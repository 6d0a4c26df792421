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

/** What holds for all speakers of the house at once, beside what each is set to; never for emergencies. */
export interface HouseLoudness {
  /** A factor, 0 to 1. */
  readonly volume: number;
  readonly muted: boolean;
  readonly doNotDisturb: boolean;
}

/** Nothing of the kind. */
export const usualHouse: HouseLoudness = { volume: 1, muted: false, doNotDisturb: false };

/** A speaker's settings under those of the house. */
export function underHouse(
  { volume, muted }: Pick<DeviceSettings, "volume" | "muted">,
  house: HouseLoudness,
): Pick<DeviceSettings, "volume" | "muted"> {
  return { volume: volume * house.volume, muted: muted || house.muted };
}

/** The setting `volume` (1 leaves the sound as it is) of a knob from 0 to 100, as rooms and MQTT have it. */
export function volumeOfPercent(percent: number): number {
  return Math.min(100, Math.max(0, Math.round(percent))) / 100;
}

/** The knob's place for the setting `volume`; louder than the sound itself is 100 too. */
export function percentOfVolume(volume: number): number {
  return Math.min(100, Math.max(0, Math.round(volume * 100)));
}
