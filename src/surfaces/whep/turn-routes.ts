import { z } from "zod";
import type { Clock } from "../../util/clock.ts";
import { type Route, route } from "../route.ts";
import type { IceServers } from "../webrtc/ice-links.ts";
import { checkTurn } from "../webrtc/turn-check.ts";

const finding = z.object({
  url: z.string(),
  ok: z.boolean(),
  /** unreachable, udp-blocked, clock, secret, realm, open, private-relay, refused, no-turn; absent where all is well. */
  fault: z.string().optional(),
  /** What was found, or what failed and what to do. */
  detail: z.string(),
});

/** Asks the TURN servers of the settings for a relay, as viewers do. */
export function turnRoutes(options: { readonly turn: IceServers["turn"]; readonly clock: Clock }): readonly Route[] {
  const { turn, clock } = options;
  return [
    route({
      method: "POST",
      path: "/api/v1/turn-check",
      summary: "Asks each TURN server of the settings for a relay, and says what is wrong with it",
      right: "administer",
      answers: { 200: { description: "One finding for each", schema: z.object({ servers: z.array(finding) }) } },
      handle: async () => ({ servers: turn ? [...(await checkTurn({ turn, clock }))] : [] }),
    }),
  ];
}
