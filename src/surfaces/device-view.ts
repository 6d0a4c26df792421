import { z } from "zod";
import type { HubDevice } from "../hub/api.ts";
import { settingsView } from "../hub/device-settings.ts";
import { mayUse } from "../hub/reach.ts";
import { type DeviceInfo, deviceInfoSchema } from "../hub/state.ts";
import { stateWithoutAddress } from "../hub/trouble.ts";
import { deviceRights, type Policy, type Principal, type Right, rightSchema } from "../identity/policy.ts";

/** A device as one person sees it; its settings only if they administer it. */
export type DeviceView = DeviceInfo & {
  readonly settings?: z.infer<typeof settingsView>;
  readonly rights: readonly Right[];
};

/** Schema of {@link DeviceView}. */
export const deviceViewSchema = z.looseObject({
  ...deviceInfoSchema.shape,
  settings: settingsView.optional(),
  rights: z.array(rightSchema),
});

/** The device as `principal` sees it; undefined when they may not. */
export function deviceView(
  device: HubDevice,
  who: { readonly principal: Principal; readonly policy: Policy },
): DeviceView | undefined {
  const { policy, principal } = who;
  if (!mayUse(policy, { principal, right: "view", device })) return undefined;
  const held = device.settings.preview ? deviceRights : policy.rights(principal, device);
  const { address, ...info } = device.info();
  if (held.includes("administer")) {
    return { ...info, address, settings: settingsView.parse(device.settings), rights: held };
  }
  return { ...info, state: stateWithoutAddress(info.state, address), rights: held };
}
