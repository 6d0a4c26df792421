import type { PageDevice, Right } from "../api.ts";

/** Whether this person has a right at a device. */
export function may(device: PageDevice | undefined, right: Right): boolean {
  return device?.rights.includes(right) ?? false;
}

/** Whether the page offers to talk through a device. */
export function canTalk(device: PageDevice | undefined): boolean {
  return device?.speaker !== undefined && may(device, "talk");
}
