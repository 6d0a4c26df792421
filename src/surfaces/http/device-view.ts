import { z } from "zod";
import type { HubDevice } from "../../hub/device.ts";
import { settingsView } from "../../hub/device-settings.ts";
import { mayUse } from "../../hub/reach.ts";
import type { DeviceInfo } from "../../hub/state.ts";
import { stateWithoutAddress } from "../../hub/trouble.ts";
import { deviceRights, type Policy, type Principal, type Right, rightSchema } from "../../identity/policy.ts";

/** A device as one person sees it; its settings only if they administer it. */
export type DeviceView = DeviceInfo & {
  readonly settings?: z.infer<typeof settingsView>;
  readonly rights: readonly Right[];
};

const holder = z.object({
  talkerId: z.string(),
  name: z.string(),
  priority: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  sinceMs: z.number(),
});

const track = z.object({
  id: z.string(),
  label: z.string(),
  kind: z.enum(["video", "audio"]),
  codec: z.string(),
  widthPx: z.number().optional(),
  heightPx: z.number().optional(),
  frameRate: z.number().optional(),
  profile: z.string().optional(),
  sampleRateHz: z.number().optional(),
  channels: z.number().optional(),
  frames: z.number(),
  bytes: z.number(),
  readers: z.number(),
});

const state = z.object({
  phase: z.enum([
    "idle",
    "connecting",
    "waiting-for-key-frame",
    "paused-by-talk",
    "live",
    "stale",
    "wrong-password",
    "trouble",
    "disabled",
  ]),
  sinceMs: z.number(),
  error: z.object({ code: z.string(), message: z.string(), atMs: z.number() }).optional(),
  retryAtMs: z.number().optional(),
  lastFrameMs: z.number().optional(),
});

const speaker = z.object({
  formats: z.array(z.object({ codec: z.string(), sampleRateHz: z.number() })),
  echoCancelling: z.boolean(),
  holder: holder.optional(),
  queued: z.number(),
  doNotDisturb: z.boolean(),
});

/** Schema of {@link DeviceView}. */
export const deviceViewSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  area: z.string().optional(),
  kind: z.string(),
  address: z.string().optional(),
  state,
  tracks: z.array(track),
  speaker: speaker.optional(),
  permanent: z.boolean(),
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
