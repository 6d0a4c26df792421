import type { HubDevice } from "../../hub/api.ts";
import { waitForTracks } from "../../hub/wait-for-tracks.ts";
import type { Place } from "../admission.ts";
import type { Call } from "../route.ts";
import type { HttpContext } from "./context.ts";

/** Longest wait for the first track before the answer. */
const patienceMs = 8000;

/** What is to be found out about. */
interface ProbeBody {
  readonly address: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly driver?: string | undefined;
}

/**
 * Makes a preview device and answers with what it turned out to be: as soon as its tracks are known or it failed, at
 * the latest after 8 s. The preview has a place until it is gone, and is written down.
 */
export async function probeDevice(call: Call<unknown, unknown, ProbeBody>, context: HttpContext) {
  const { asker, body, principal, signal } = call;
  const device = await preview(body, { place: context.shares.previews.enter(asker), context });
  context.hub.identity.audit.record({ actor: principal.name, action: "probe", subject: hostOf(body.address) });
  using _demand = device.demand();
  await waitForTracks(device, { timeoutMs: patienceMs, signal });
  const { id, kind, state, tracks, speaker } = device.info();
  return { id, driver: kind, state, tracks, speaker };
}

/** The place is given back when the preview is removed. */
async function preview(
  body: ProbeBody,
  how: { readonly place: Place; readonly context: HttpContext },
): Promise<HubDevice> {
  const { devices } = how.context.hub;
  using held = new DisposableStack();
  held.use(how.place);
  const device = await devices.preview({ name: "Preview", ...body });
  const owned = held.move();
  owned.use(devices.onChange(({ type, id }) => type === "removed" && id === device.id && owned.dispose()));
  if (!devices.get(device.id)) owned.dispose();
  return device;
}

/** Never the address as it was given: there may be a password in it. */
function hostOf(address: string): string {
  return (URL.canParse(address) && new URL(address).host) || "an address";
}
