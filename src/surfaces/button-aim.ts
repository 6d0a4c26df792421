import type { HubDevice } from "../hub/api.ts";
import type { Policy, Principal } from "../identity/policy.ts";

/**
 * May `principal` have the button of `device` speak to `target`: only where they may talk (`page`: call everybody) through every
 * device that it means, and of everybody or what means none, where they may do so everywhere. The device itself does not count: it does not
 * speak to itself.
 */
export function mayAim(
  device: Pick<HubDevice, "id" | "buttonReach">,
  ask: {
    readonly principal: Principal;
    readonly policy: Policy;
    readonly target: string;
    readonly right: "talk" | "page";
  },
): boolean {
  const { principal, policy, right, target } = ask;
  const reached = device.buttonReach(target).filter(({ id }) => id !== device.id);
  if (reached.length === 0) return policy.allows(principal, right);
  return reached.every((one) => policy.allows(principal, right, one));
}
