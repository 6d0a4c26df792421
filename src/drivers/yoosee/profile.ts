/** The two known forms of the talk dialect. */
export type ProfileName = "classic" | "gwell";

/** What differs between firmwares. Facts and sources: README.md. */
export interface Profile {
  readonly name: ProfileName;
  /** Sampling rate of the speaker unless the configuration says otherwise, Hz. */
  readonly rateHz: 8000 | 16000;
  /** The firmware closes its decoder some 5 s after the last OPEN, so OPEN is repeated this often; 0: not needed. */
  readonly reopenMs: number;
  /** Ask on a connection of its own, before OPEN, whether the camera knows USER_CMD_SET at all. */
  readonly probes: boolean;
}

/** How often OPEN is repeated where nobody said what the firmware needs, ms: some need it, and none is known that minds. */
const carefulReopenMs = 4000;

/** How one of the dialects is spoken: `auto` repeats OPEN in both, and the configuration may say how often. */
export function profileOf(
  name: ProfileName,
  how: { readonly careful: boolean; readonly reopenMs?: number | undefined },
): Profile {
  const profile = profiles[name];
  const usualMs = how.careful ? profile.reopenMs || carefulReopenMs : profile.reopenMs;
  return { ...profile, reopenMs: how.reopenMs ?? usualMs };
}

/** All profiles. `classic` is the published description's form, byte for byte. */
export const profiles: Readonly<Record<ProfileName, Profile>> = {
  classic: { name: "classic", rateHz: 8000, reopenMs: 0, probes: false },
  gwell: { name: "gwell", rateHz: 16000, reopenMs: 4000, probes: true },
};
