import type { Policy, Principal, Right } from "../identity/policy.ts";
import type { HubDevice } from "./api.ts";

/**
 * May `principal` do this to a loaded device? As the policy says; a preview (a device that somebody is about to add) is
 * for those only who may administer the hub. This is where every surface asks about devices.
 */
export function mayUse(
  policy: Policy,
  ask: {
    readonly principal: Principal | undefined;
    readonly right: Right;
    readonly device: Pick<HubDevice, "id" | "area" | "settings">;
  },
): boolean {
  if (ask.device.settings.preview) return policy.allows(ask.principal, "administer");
  return policy.allows(ask.principal, ask.right, ask.device);
}
