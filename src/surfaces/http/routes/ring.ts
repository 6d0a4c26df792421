import { z } from "zod";
import { defaultChime } from "../../../hub/rings.ts";
import { prioritySchema } from "../../../hub/state.ts";
import { callerOf } from "../../../identity/behalf.ts";
import { addressed } from "../../addressed.ts";
import { notFound, Problem } from "../../problem.ts";
import { type Route, route } from "../../route.ts";
import { channelsOf, spokenToSchema } from "../../spoken-to.ts";
import type { HttpContext } from "../context.ts";
import { noChime } from "./say.ts";
import { refused, subjectOf } from "./saying.ts";

const ringBody = z.strictObject({
  to: spokenToSchema,
  chime: z.string().min(1).max(64).optional().describe(`The name of a chime; ${defaultChime} by default.`),
  priority: prioritySchema.default(0),
});

/** Rooms are rung. */
export function ringRoutes(context: HttpContext): readonly Route[] {
  const { hub } = context;
  return [
    route({
      method: "POST",
      path: "/api/v1/ring",
      summary: "Rings devices with a chime, in line behind what is said there, and shows there who is calling",
      right: "talk",
      subject: "channels",
      share: "says",
      bearerWrites: true,
      body: ringBody,
      answers: {
        202: {
          description: "They are rung, or will be in their turn",
          schema: z.object({
            state: z.enum(["granted", "queued"]),
            deviceIds: z.array(z.string()),
            chime: z.string(),
            position: z.number().optional().describe("1 for the next in line."),
          }),
        },
        409: { description: "Nobody is to be disturbed there, or too much waits already" },
        422: { description: "There is no such chime" },
      },
      handle: ({ body, principal }) => {
        const to = channelsOf(body.to, hub);
        const whom = to && addressed(hub, { principal, to, priority: body.priority });
        if (!to || !whom) throw new Problem(404, notFound);
        if (body.chime !== undefined && !hub.chimes.get(body.chime)) throw noChime(body.chime);
        const talker = { id: callerOf(principal), name: principal.name };
        const { turn, state, ring } = hub.rings.ring({
          ...whom,
          talker,
          ...(principal.deviceId !== undefined && { callerDevice: principal.deviceId }),
          ...(body.chime !== undefined && { chime: body.chime }),
        });
        if (!ring) throw refused(state);
        const attached = hub.identity.attachments.attach(principal, () => turn.cancel());
        const forget = () => attached[Symbol.dispose]();
        turn.done.then(forget, forget);
        hub.identity.audit.record({ actor: principal.name, action: "ring", subject: subjectOf(to) });
        const { deviceIds, chime } = ring;
        return {
          state: state.state === "queued" ? "queued" : "granted",
          deviceIds: deviceIds.filter((id) => whom.reached.includes(id)),
          chime,
          ...("position" in state && { position: state.position }),
        };
      },
    }),
  ];
}
