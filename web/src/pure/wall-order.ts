import type { PageDevice } from "../api.ts";

/** Devices in the order in which the wall and every list show them: by area, those without one last, then by name. */
export function inWallOrder<Device extends Pick<PageDevice, "area" | "name">>(devices: readonly Device[]): Device[] {
  const key = ({ area, name }: Device) => `${area ?? "\uffff"}\0${name}`;
  return devices.toSorted((a, b) => key(a).localeCompare(key(b)));
}
