import { Admission, blockShare } from "./admission.ts";
import type { WhepConfig } from "./whep/config.ts";
import type { WhipConfig } from "./whip/config.ts";

/** Everything that is admitted by shares. */
export interface HubShares {
  /** Pictures that are open, or being opened. */
  readonly viewings: Admission;
  /** Devices that publish picture and sound, or are about to. */
  readonly publishings: Admission;
  /** Askers that wait until a device has a picture to make a still one of. */
  readonly stills: Admission;
  /** Still pictures that are being made. */
  readonly snapshots: Admission;
  /** Texts and sounds that are being looked for. */
  readonly says: Admission;
  /** Sounds that were sent along to be said, in memory until they were. */
  readonly uploads: Admission;
  /** Previews of devices that somebody is about to add. */
  readonly previews: Admission;
  /** Sockets of pages. */
  readonly pages: Admission;
}

/** The shares of a hub. None is more than half for one person. */
export function createShares(
  config: Pick<WhepConfig, "maxViewers" | "maxViewersPerUser" | "maxViewersPerDevice"> &
    Pick<WhipConfig, "maxPublishers">,
): HubShares {
  const { maxViewers, maxViewersPerUser, maxViewersPerDevice } = config;
  const admission = (inAll: number, options: Omit<SharesOf, "inAll">) => {
    const { code, refusal, ...shares } = options;
    return new Admission({
      refusal,
      code,
      shares: { inAll, perBlock: blockShare(inAll), perDevice: inAll, ...shares },
    });
  };
  return {
    viewings: admission(maxViewers, {
      perPerson: maxViewersPerUser,
      perDevice: maxViewersPerDevice,
      code: "too-many-viewers",
      refusal: "too many pictures are open",
    }),
    // A device has a second place for the connection that takes over from its first.
    publishings: admission(config.maxPublishers, {
      perPerson: 2,
      code: "too-many-publishers",
      refusal: "too many devices publish already",
    }),
    stills: admission(1024, { perPerson: 64, perDevice: 256, refusal: "too many wait for a picture" }),
    snapshots: admission(16, { perPerson: 8, refusal: "too many pictures are being made" }),
    says: admission(16, { perPerson: 4, perDevice: 4, refusal: "too much is being said" }),
    uploads: admission(4, { perPerson: 2, refusal: "too many sounds are being sent" }),
    previews: admission(32, { perPerson: 16, refusal: "too many previews are open" }),
    pages: admission(1024, { perPerson: 32, refusal: "too many pages are open" }),
  };
}

interface SharesOf {
  readonly perPerson: number;
  readonly perDevice?: number;
  readonly inAll: number;
  readonly code?: string;
  readonly refusal: string;
}
