import type { DeviceInfo } from "../../../src/hub/state.ts";

/** What the hub says of a device, as far as asking for its picture depends on it. */
export type Askable = Pick<DeviceInfo, "state" | "tracks"> & { readonly rights: readonly string[] };

/** Why a session could not be had. */
export type Refusal = "no-media" | "codec" | "converting" | "rights" | "gone" | "busy" | "fault";

/**
 * Whether it is of use to ask for a picture now. A device in trouble is tried by the hub itself, which tells when that
 * changes; without a device nothing is known, and asking is all there is.
 */
export function isWorthAsking(device: Askable | undefined): boolean {
  if (!device) return true;
  const { phase, error } = device.state;
  if (phase === "connecting") return error === undefined;
  return phase !== "trouble" && phase !== "wrong-password" && phase !== "away" && phase !== "disabled";
}

/** What has to differ before it is worth asking again after the hub said no. */
export function askingKey(device: Askable | undefined): string {
  if (!device) return "";
  const { state, tracks, rights } = device;
  const codecs = tracks.map(({ kind, codec, label }) => `${kind} ${label} ${codec}`).sort();
  return JSON.stringify([state.phase, codecs, [...rights].sort()]);
}

/** How long a refusal holds where the hub tells what changes; undefined: it ends with a change only. */
export function refusalHoldsMs(refusal: Refusal): number | undefined {
  if (refusal === "fault") return 0;
  return refusal === "busy" || refusal === "converting" ? 15_000 : undefined;
}
