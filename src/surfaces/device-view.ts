import { z } from "zod";
import type { HubDevice } from "../hub/api.ts";
import { settingsView } from "../hub/device-settings.ts";
import { mayUse } from "../hub/reach.ts";
import { type DeviceInfo, deviceInfoSchema } from "../hub/state.ts";
import { stateWithoutAddress } from "../hub/trouble.ts";
import { deviceRights, type Policy, type Principal, type Right, rightSchema } from "../identity/policy.ts";
import { mayAim } from "./button-aim.ts";

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
  if (!mayUse(policy, { principal, right: "view", device })) return stationView(device, who);
  const held = device.settings.preview ? deviceRights : policy.rights(principal, device);
  const { address, button, ...info } = device.info();
  if (held.includes("administer")) {
    const targets = button?.targets.filter(
      (target) => target === button.target || mayAim(device, { principal, policy, target, right: "talk" }),
    );
    return {
      ...info,
      ...(button && targets && { button: { ...button, targets } }),
      address,
      settings: settingsView.parse(device.settings),
      rights: held,
    };
  }
  return { ...withoutGrants(info), state: stateWithoutAddress(info.state, address), rights: held };
}

/** A station knows itself, and whom it may speak to: what they are called and whether they can hear, not what they show. */
function stationView(
  device: HubDevice,
  { principal, policy }: { readonly principal: Principal; readonly policy: Policy },
): DeviceView | undefined {
  const own = principal.deviceId === device.id;
  const rights = own ? [] : policy.rights(principal, device);
  if (principal.deviceId === undefined || device.settings.preview || !(own || rights.includes("talk")))
    return undefined;
  const { address, motion: _motion, button: _button, lastPicture: _last, ...info } = device.info();
  return { ...withoutGrants(info), state: stateWithoutAddress(info.state, address), tracks: [], rights };
}

function withoutGrants<Info extends Pick<DeviceInfo, "arrival">>(info: Info): Info {
  const { arrival } = info;
  return arrival ? { ...info, arrival: { ...(arrival.enrolled && { enrolled: arrival.enrolled }) } } : info;
}
