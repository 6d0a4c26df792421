import type { ChannelId } from "../hub/channel.ts";
import { membersOf } from "../hub/channel.ts";
import type { Hub } from "../hub/hub.ts";
import { mayUse } from "../hub/reach.ts";
import type { Principal } from "../identity/policy.ts";

/** Whom somebody may speak to on the channels that they chose. */
export interface Addressed {
  readonly to: readonly ChannelId[];
  /** The devices that it means now. */
  readonly reached: readonly string[];
  /** Their right to talk through one device, asked whenever the channels mean other devices than before. */
  readonly may: (deviceId: string) => boolean;
  /** What they asked for, unless they lack the right to call everybody on one of the devices; then an ordinary turn. */
  readonly priority: 0 | 1 | 2;
}

/**
 * Checks that somebody may talk through at least one device of `to`; undefined if not. A device that is unknown and one
 * that is forbidden are alike, and of an area those are left out that they may not speak through.
 */
export function addressed(
  hub: Pick<Hub, "devices" | "house" | "identity">,
  ask: { readonly principal: Principal; readonly to: readonly ChannelId[]; readonly priority: 0 | 1 | 2 },
): Addressed | undefined {
  const { principal, to } = ask;
  const has = (right: "talk" | "page") => (deviceId: string) => {
    const device = hub.devices.get(deviceId);
    // A station does not speak to itself.
    if (deviceId === principal.deviceId) return false;
    return device !== undefined && mayUse(hub.identity.policy, { principal, right, device });
  };
  const may = has("talk");
  const members = membersOf(to, hub.house());
  const reached = members.filter(may);
  const named = members.length > 0 || to.some((channel) => channel.startsWith("device:"));
  if (named && reached.length === 0) return undefined;
  return { to, may, reached, priority: reached.every(has("page")) ? ask.priority : 0 };
}
