import type { PageDevice, Right } from "../api.ts";

/** Whether this person has a right at a device; a hub that says nothing about rights leaves it to its own check. */
export function may(device: PageDevice | undefined, right: Right): boolean {
  return device !== undefined && (device.rights === undefined || device.rights.includes(right));
}

/** Whether the page offers to talk through a device. */
export function canTalk(device: PageDevice | undefined): boolean {
  return device?.speaker !== undefined && may(device, "talk");
}
