import type { HubDevices } from "../../hub/api.ts";
import { waitForTracks } from "../../hub/wait-for-tracks.ts";

/** Longest wait for the first track before the answer. */
const patienceMs = 8000;

/**
 * Makes a preview device and answers with what it turned out to be: as soon as its tracks are known or it failed, at
 * the latest after 8 s.
 */
export async function probeDevice(
  devices: HubDevices,
  options: {
    readonly body: {
      readonly address: string;
      readonly username?: string | undefined;
      readonly password?: string | undefined;
      readonly driver?: string | undefined;
    };
    readonly signal: AbortSignal;
  },
) {
  const device = await devices.preview({ name: "Preview", ...options.body });
  using _demand = device.demand();
  await waitForTracks(device, { timeoutMs: patienceMs, signal: options.signal });
  const { id, kind, state, tracks, speaker } = device.info();
  return { id, driver: kind, state, tracks, speaker };
}
