import type { PageDevice, Session } from "../api.ts";

/** A device as seen by somebody who is not to be urgent there. */
export function withoutUrgency(device: PageDevice): PageDevice {
  return { ...device, rights: device.rights.filter((right) => right !== "page") };
}

/** Whom the hub takes them for; the address of its own page leads away from Home Assistant. */
export function plain(session: Session | undefined): Session | undefined {
  return session && { ...session, httpsUrl: undefined };
}
