import type { HubDevice } from "../../../hub/api.ts";
import type { Hub } from "../../../hub/hub.ts";
import { percentOfVolume, volumeOfPercent } from "../../../hub/loudness.ts";
import { deviceStationId } from "../../../protocols/room/station-id.ts";
import { parsePercent, parseSwitch } from "../../../protocols/room/topics.ts";
import type { OwnSetting, OwnStation } from "./own-stations.ts";

/** Options of {@link deviceStations}. */
export interface DeviceStationsOptions {
  readonly hub: Pick<Hub, "devices" | "turns">;
  readonly hubId: string;
  /** True for a device that is a room station itself: it speaks for itself. */
  readonly isRoomStation: (device: HubDevice) => boolean;
  /** Ids of stations that were there in an earlier life: their devices have a speaker, also before they were connected to. */
  readonly former: ReadonlySet<string>;
}

/** Every device of the hub that can be spoken through and is no room station, as a station that firmware can choose. */
export function deviceStations(options: DeviceStationsOptions): readonly OwnStation[] {
  return stationDevices(options).map(({ id, device }) => ({
    id,
    name: device.name,
    area: device.area,
    model: "Speaker of the hub",
    presence: { online: isThere(device), activity: options.hub.turns.holder(device.id).holder ? "receiving" : "idle" },
    values: {
      volume: String(percentOfVolume(device.settings.volume)),
      mute: device.settings.muted ? "ON" : "OFF",
      dnd: device.settings.doNotDisturb ? "ON" : "OFF",
    },
  }));
}

/** The device behind a station; undefined for one that is none of the hub's. */
export function deviceBehind(id: string, options: DeviceStationsOptions): HubDevice | undefined {
  return stationDevices(options).find((one) => one.id === id)?.device;
}

/** What a command changes of a device's settings; undefined for one that is not understood. */
export function deviceChange(
  what: OwnSetting,
  payload: string,
  { settings }: Pick<HubDevice, "settings">,
): { readonly volume: number } | { readonly muted: boolean } | { readonly doNotDisturb: boolean } | undefined {
  if (what === "volume") {
    const percent = parsePercent(payload);
    // A device that is louder than a station can be stays so.
    if (percent === undefined || percent === percentOfVolume(settings.volume)) return undefined;
    return { volume: volumeOfPercent(percent) };
  }
  const on = parseSwitch(payload);
  if (on === undefined) return undefined;
  if (what === "mute") return { muted: on };
  return what === "dnd" ? { doNotDisturb: on } : undefined;
}

function stationDevices({ hub, hubId, isRoomStation, former }: DeviceStationsOptions) {
  return hub.devices
    .list()
    .filter((device) => !isRoomStation(device))
    .map((device) => ({ id: deviceStationId(hubId, device.id), device }))
    .filter(({ id, device }) => device.info().speaker !== undefined || former.has(id));
}

function isThere({ state }: HubDevice): boolean {
  return !["away", "disabled", "trouble", "wrong-password"].includes(state.phase);
}
