import { z } from "zod";
import type { HubDevice } from "../../../hub/api.ts";
import { availabilities } from "../../../hub/call-api.ts";
import { type CallParty, callPartySchema } from "../../../hub/call-info.ts";
import { partyOfPrincipal } from "../../../hub/call-rights.ts";
import { mayUse } from "../../../hub/reach.ts";
import { personRingingSchema, ringingChangeSchema } from "../../../hub/ringing-settings.ts";
import type { Principal } from "../../../identity/policy.ts";
import { callView, callViewSchema } from "../../call-view.ts";
import { notFound, Problem } from "../../problem.ts";
import { deviceParams, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";
import { refusedCall } from "./calls.ts";

const callParams = z.object({ call: z.string().max(64) });
const pastSchema = callViewSchema.extend({ hasSnapshot: z.boolean().describe("There is a picture of who called.") });

const query = z.object({
  before: z.coerce.number().int().optional().describe("`startedMs` of the last call that was read, to page back."),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});

const ringBody = z.strictObject({
  bell: z.string().min(1).max(64).optional().describe("Which bell of a device that has several."),
  pressId: z.string().min(1).max(128).optional().describe("The same for one press, by whichever way it comes."),
});

/** What was called, who wants to be rung how, and the bells themselves. */
export function callHistoryRoutes(context: HttpContext): readonly Route[] {
  const { hub } = context;
  const { calls, callHistory, callRights, ringing, identity } = hub;
  return [
    route({
      method: "GET",
      path: "/api/v1/calls",
      summary:
        "The calls that run, and those of before, newest first, as far as the caller may answer or took part in them",
      right: "signed-in",
      query,
      answers: {
        200: {
          description: "The calls",
          schema: z.object({
            running: z.array(callViewSchema),
            calls: z.array(pastSchema),
            next: z.number().optional().describe("`before` of the next page."),
            replies: z.array(z.string()).readonly().describe("What can be said at the door by whoever declines."),
          }),
        },
      },
      handle: ({ query: { before, limit }, principal }) => {
        const who = { hub, principal };
        const past = callHistory.list({ before, limit });
        const last = past.length === limit ? past.at(-1)?.call.startedMs : undefined;
        const views = past.flatMap(({ call, hasSnapshot }) => {
          const view = callView(calls.get(call.id) ?? call, who);
          return view ? [{ ...view, hasSnapshot: hasSnapshot && callRights.mayPeek(principal, call) }] : [];
        });
        return {
          running: calls.list().flatMap((call) => callView(call, who) ?? []),
          calls: views,
          ...(last !== undefined && { next: last }),
          replies: hub.rules().calls.replies,
        };
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/callable",
      summary: "Whom one can call and how it stands with them, for whoever may talk to some device of the house",
      right: "signed-in",
      answers: {
        200: {
          description: "By name",
          schema: z.object({
            present: z
              .array(callPartySchema)
              .readonly()
              .describe("People whose page is open or whose phone takes notifications."),
            callable: z
              .array(callPartySchema.extend({ state: z.enum(availabilities) }))
              .readonly()
              .describe("All people but oneself, and the devices with a loudspeaker that one may talk to."),
          }),
        },
      },
      handle: ({ principal }) => {
        const reached = hub.devices
          .list()
          .filter((device) => mayUse(identity.policy, { principal, right: "talk", device }));
        const people = reached.length > 0 ? calls.present().filter(({ party }) => party.startsWith("person:")) : [];
        return { present: people.toSorted(byName), callable: callable(reached, { hub, principal }) };
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/calls/:call",
      summary: "One call, running or of before",
      right: "signed-in",
      params: callParams,
      answers: { 200: { description: "The call", schema: pastSchema }, 404: { description: "There is no such call" } },
      handle: ({ params, principal }) => {
        const past = callHistory.get(params.call);
        const call = calls.get(params.call) ?? past?.call;
        const view = call && callView(call, { hub, principal });
        if (!view) throw new Problem(404, notFound);
        return { ...view, hasSnapshot: (past?.hasSnapshot ?? false) && view.mayPeek };
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/calls/:call/snapshot",
      summary: "The picture of who called, taken when it rang",
      right: "signed-in",
      params: callParams,
      answers: { 200: { description: "The picture", mediaType: "image/jpeg" }, 404: { description: "There is none" } },
      handle: ({ params, principal, reply }) => {
        const call = callHistory.get(params.call)?.call;
        const jpeg = call && callRights.mayPeek(principal, call) ? callHistory.snapshot(params.call) : undefined;
        if (!jpeg) throw new Problem(404, notFound);
        return reply.type("image/jpeg").send(Buffer.from(jpeg));
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/devices/:id/ring",
      summary: "Presses the bell of a device: whoever is to be rung there is rung",
      right: "talk",
      subject: "path",
      bearerWrites: true,
      params: deviceParams,
      body: ringBody,
      answers: {
        200: {
          description: "`ringing`: a new call; `joined`: the press belongs to a call that is there",
          schema: z.object({ state: z.enum(["ringing", "joined"]), call: z.string().describe("The call's id.") }),
        },
        409: { description: "The bell is muted for a while, or the device is not in use" },
      },
      handle: ({ device, body, principal }) => {
        const { state, call, reason } = calls.ring({ from: device.id, ...body });
        if (!call || (state !== "ringing" && state !== "joined")) {
          throw refusedCall({ state: "refused", ...(reason && { reason }) });
        }
        if (state === "ringing")
          identity.audit.record({ actor: principal.name, action: "bell-rung", subject: device.id });
        return { state, call: call.id };
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/devices/:id/ring/unmute",
      summary: "Lets a bell ring again that was muted because nobody answered it",
      right: "talk",
      subject: "path",
      bearerWrites: true,
      params: deviceParams,
      answers: { 204: { description: "It rings again" } },
      handle: ({ device, principal }) => {
        calls.unmute(device.id);
        identity.audit.record({ actor: principal.name, action: "bell-unmuted", subject: device.id });
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/ringing",
      summary: "How the caller wants to be rung",
      right: "signed-in",
      answers: { 200: { description: "Do-not-disturb and quiet hours", schema: personRingingSchema } },
      handle: ({ principal }) => ringing.of(principal.userId),
    }),
    route({
      method: "PATCH",
      path: "/api/v1/ringing",
      summary: "Changes how the caller wants to be rung",
      right: "signed-in",
      bearerWrites: true,
      body: ringingChangeSchema,
      answers: { 200: { description: "Do-not-disturb and quiet hours", schema: personRingingSchema } },
      handle: async ({ body, principal }) => await ringing.change(principal.userId, body),
    }),
  ];
}

/** Everybody of the house but the caller of the route, and the devices that can be heard, each with how it stands. */
function callable(
  devices: readonly HubDevice[],
  { hub, principal }: { readonly hub: HttpContext["hub"]; readonly principal: Principal },
) {
  if (devices.length === 0) return [];
  const own = partyOfPrincipal(principal).party;
  const people = hub.identity.users.list().map(({ id, name }): CallParty => ({ party: `person:${id}`, name }));
  const heard = devices.filter(({ speaker, settings }) => speaker !== undefined && settings.enabled);
  const rooms = heard.map(({ id, name }): CallParty => ({ party: `device:${id}`, name, deviceId: id }));
  const others = [...people.toSorted(byName), ...rooms.toSorted(byName)].filter(({ party }) => party !== own);
  return others.map((party) => ({ ...party, state: hub.calls.availability(party) }));
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name.localeCompare(b.name);
}
