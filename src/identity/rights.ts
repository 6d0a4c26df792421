// No schema here and no import: the page takes this list as it is.

/**
 * What a person may be allowed to do, each by itself, in the order in which people read them. `peek` is to see and
 * hear who calls before the call is answered; `ptz` is to turn a camera, for everybody who sees it. `metrics` is about the hub as a whole: to read its numbers, and nothing else.
 */
export const rights = ["view", "listen", "talk", "page", "peek", "ptz", "unlock", "administer", "metrics"] as const;

/** One of {@link rights}. */
export type Right = (typeof rights)[number];

/** The rights that are about a device; the others are about the hub, and given everywhere or not at all. */
export const deviceRights: readonly Right[] = rights.filter((right) => right !== "metrics");
