import { z } from "zod";

/** How a station stands with calls; what it shows, and whether its microphone is open. */
export const stationCallStates = ["idle", "calling", "ringing", "answered"] as const;

const short = z.string().max(128);

/**
 * `intercom/<id>/call/set`: the hub tells a station that knows of calls how its call stands, at each change, when it comes, and
 * every ten seconds while there is one. All values are texts, for small parsers.
 */
export const stationCallSchema = z.object({
  /** `calling`: it called and nobody has answered; `ringing`: somebody calls it; `answered`: it takes part. */
  state: z.enum(stationCallStates),
  /** Of the call; none while idle. */
  id: short.optional(),
  /** Who calls, is called, or takes part; while idle, who ended or answered it elsewhere. */
  who: short.optional(),
  /** Where what it says is to be sent, as long as it takes part: an IPv4 address. */
  to: z.ipv4().optional(),
  /** Why its last call is over, or rings no longer. */
  why: short.optional(),
});

/** {@link stationCallSchema} */
export type StationCallNews = z.infer<typeof stationCallSchema>;

/** See {@link StationCallWish}. */
export const stationCallWishSchema = z.object({
  do: z.enum(["answer", "decline", "hangup"]),
  /** The call that is meant: another one meanwhile is not. */
  id: short,
});

/** `intercom/<id>/call`: what somebody at a station wants of its call. To call, it sends `intercom/call` as any station. */
export type StationCallWish = z.infer<typeof stationCallWishSchema>;

/** Seconds after which the hub repeats how a call stands, and after which a station that hears nothing takes it for over. */
export const stationCallTimes = { repeatS: 10, lostS: 30 } as const;
