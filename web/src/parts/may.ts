import { call, type PageDevice, type Right, sentence } from "../api.ts";
import { t } from "../language/t.ts";

/** Whether this person has a right at a device. */
export function may(device: PageDevice | undefined, right: Right): boolean {
  return device?.rights.includes(right) ?? false;
}

/** Whether the page offers to talk through a device. */
export function canTalk(device: PageDevice | undefined): boolean {
  return device?.speaker !== undefined && may(device, "talk");
}

/** Whether this person may turn it, and it can be turned. */
export function canTurn(device: PageDevice): boolean {
  return device.can?.ptz === "yes" && may(device, "ptz");
}

/** Whether this person may hear it, and there is something to be heard. */
export function isAudible(device: PageDevice | undefined): boolean {
  return may(device, "listen") && (device?.tracks.some(({ kind }) => kind === "audio") ?? false);
}

/** Whether somebody can ring there: a door, or what has a bell set up as far as one may see that. */
export function hasBell(device: PageDevice): boolean {
  return device.kind === "door" || device.settings?.bell !== undefined;
}

/** Presses the bell of a device from the page; gives what became of it in words. */
export async function pressBell(id: string): Promise<string> {
  try {
    await call("POST", `/api/v1/devices/${encodeURIComponent(id)}/ring`, { body: {} });
    return t("It rings");
  } catch (error) {
    return sentence(error);
  }
}
