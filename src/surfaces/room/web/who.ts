import { type ChannelId, membersOf } from "../../../hub/channel.ts";
import type { Hub } from "../../../hub/hub.ts";
import type { Principal } from "../../../identity/policy.ts";
import { type Addressed, addressed } from "../../addressed.ts";
import { type UrgencyRule, urgencyOfUnproven } from "../urgency.ts";

/** On whose rights a client acts. */
export type Who =
  /** A person by their token, or a device by its own. */
  | { readonly kind: "known"; readonly principal: Principal }
  /** Without a token: a device that was let in by its address, or anybody where all are let in. */
  | { readonly kind: "guest" };

/** Options of {@link reachOf}. */
export interface ReachOptions {
  readonly hub: Pick<Hub, "devices" | "house" | "identity"> & UrgencyRule["hub"];
  readonly who: Who;
  /** The client's own device: nobody speaks to themselves. */
  readonly ownId: string | undefined;
  readonly to: readonly ChannelId[];
  readonly priority: 0 | 1 | 2;
  readonly emergency: UrgencyRule["emergency"];
}

/**
 * Whom a client may speak to on a channel, and how urgently; undefined for nobody. A guest may speak to every device.
 */
export function reachOf(options: ReachOptions): Addressed | undefined {
  const { hub, who, ownId, to, priority } = options;
  if (who.kind === "known") {
    const { principal } = who;
    const asked =
      principal.deviceId === undefined && ownId !== undefined ? { ...principal, deviceId: ownId } : principal;
    return addressed(hub, { principal: asked, to, priority });
  }
  const may = (deviceId: string) => {
    const device = hub.devices.get(deviceId);
    return device !== undefined && deviceId !== ownId && !device.settings.preview;
  };
  const members = membersOf(to, hub.house());
  const reached = members.filter(may);
  if (members.length > 0 && reached.length === 0 && !to.includes("all")) return undefined;
  return { to, may, reached, priority: urgencyOfUnproven(priority, options) };
}
