import { z } from "zod";
import type { CallResult } from "../../../hub/call-api.ts";
import type { CallInfo, PartyId } from "../../../hub/call-info.ts";
import { partyOfPrincipal } from "../../../hub/call-rights.ts";
import { type ChannelId, channelNamed, isChannelId } from "../../../hub/channel.ts";
import { mayUse } from "../../../hub/reach.ts";
import type { AuditAction } from "../../../identity/audit.ts";
import type { Principal } from "../../../identity/policy.ts";
import { addressed } from "../../addressed.ts";
import { type CallView, callView, callViewSchema } from "../../call-view.ts";
import { notFound, Problem } from "../../problem.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";
import { subjectOf } from "./saying.ts";

const callParams = z.object({ call: z.string().max(64) });
const one = z.string().min(1).max(140);

const placeBody = z.strictObject({
  to: z
    .union([one.transform((text): readonly string[] => [text]), z.array(one).min(1).max(64).readonly()])
    .describe(
      "person:<name or id>, a person's name, or whom one may speak to: device:<id>, area:<name>, group:<name>, all.",
    ),
});

const declineBody = z.strictObject({
  reply: z.string().trim().min(1).max(300).optional().describe("Said at the door; it ends the call."),
  forSelf: z.boolean().optional().describe("True: only the caller of this route is rung no longer."),
});

const answer = { description: "The call as it is now", schema: callViewSchema };
const conflict = { description: "It cannot be: somebody else answered (`by`), or it is over" };

type Asked = Call<{ readonly call: string }, unknown, unknown>;

/** Calls: to make one, to answer, decline, join and end it. */
export function callRoutes(context: HttpContext): readonly Route[] {
  const { hub } = context;
  const { calls } = hub;
  const shared = {
    method: "POST",
    right: "signed-in",
    panel: true,
    bearerWrites: true,
    params: callParams,
    answers: { 200: answer, 404: { description: "There is no such call" }, 409: conflict },
  } as const;
  const act = (asked: Asked, how: { readonly action?: AuditAction; readonly do: (call: CallInfo) => CallResult }) => {
    const call = seen(asked, context);
    const done = how.do(call);
    if (done.state === "refused") throw refusedCall(done);
    if (how.action) audit(asked.principal, { action: how.action, call, context });
    return shown(done.call ?? call, { principal: asked.principal, context });
  };
  return [
    route({
      method: "POST",
      path: "/api/v1/calls",
      summary: "Calls somebody: a person, a station, a room",
      right: "signed-in",
      panel: true,
      share: "says",
      bearerWrites: true,
      body: placeBody,
      answers: {
        201: { description: "The call; `state` is `ended` at once where nobody could be rung", schema: callViewSchema },
        404: { description: "Nobody is called so, or they may not be called" },
        409: { description: "The caller is in a call already, or there are too many" },
      },
      handle: ({ body, principal }) => {
        const to = calledBy(body.to, { principal, context });
        const started = calls.call({ from: partyOfPrincipal(principal), to });
        if (!started.call) throw refusedCall({ state: "refused", reason: started.reason ?? "unreachable" });
        audit(principal, { action: "call", call: started.call, context });
        return shown(started.call, { principal, context });
      },
    }),
    route({
      ...shared,
      path: "/api/v1/calls/:call/confirm",
      summary: "Says that it rings where the caller of this route is",
      handle: (asked) =>
        act(asked, {
          do: (call) => {
            calls.confirm(call.id, partyOfPrincipal(asked.principal).party);
            return { state: "done", call: calls.get(call.id) ?? call };
          },
        }),
    }),
    route({
      ...shared,
      path: "/api/v1/calls/:call/answer",
      summary: "Answers a call",
      handle: (asked) =>
        act(asked, { action: "call-answered", do: ({ id }) => calls.answer(id, answering(asked, context)) }),
    }),
    route({
      ...shared,
      path: "/api/v1/calls/:call/join",
      summary: "Takes part in a call that somebody else answered",
      handle: (asked) =>
        act(asked, { action: "call-answered", do: ({ id }) => calls.join(id, answering(asked, context)) }),
    }),
    route({
      ...shared,
      path: "/api/v1/calls/:call/decline",
      summary: "Declines a call for everybody who is rung, or for oneself",
      body: declineBody,
      handle: (asked) =>
        act(asked, {
          action: "call-declined",
          do: ({ id }) => calls.decline(id, answering(asked, context), asked.body),
        }),
    }),
    route({
      ...shared,
      path: "/api/v1/calls/:call/end",
      summary: "Hangs up; ends the call for everybody unless others go on talking",
      handle: (asked) =>
        act(asked, { action: "call-ended", do: ({ id }) => calls.end(id, partyOfPrincipal(asked.principal)) }),
    }),
  ];
}

/** A call as the caller sees it. Throws 404 when it is none of their business. */
export function shown(
  call: CallInfo,
  { principal, context }: { readonly principal: Principal; readonly context: HttpContext },
): CallView {
  const view = callView(call, { hub: context.hub, principal });
  if (!view) throw new Problem(404, notFound);
  return view;
}

/** The call of the path, if the caller may see it. */
function seen({ params, principal }: Asked, context: HttpContext): CallInfo {
  const call = context.hub.calls.get(params.call);
  if (!call || !context.hub.callRights.maySee(principal, call)) throw new Problem(404, notFound);
  return call;
}

/** Who answers or declines: whoever may. */
function answering({ params, principal }: Asked, { hub }: HttpContext) {
  const call = hub.calls.get(params.call);
  if (call && !hub.callRights.mayAnswer(principal, call)) {
    throw new Problem(403, { code: "forbidden", detail: "You may not answer this call." });
  }
  return partyOfPrincipal(principal);
}

/** Whom somebody may call: devices where they may talk, and people, if they may talk to any device of the house. */
function calledBy(
  wanted: readonly string[],
  { principal, context }: { readonly principal: Principal; readonly context: HttpContext },
): readonly (ChannelId | PartyId)[] {
  const { hub } = context;
  const to = wanted.map(
    (text) => personCalled(text, hub) ?? channelCalled(text, hub) ?? personCalled(`person:${text}`, hub),
  );
  if (!to.every((target) => target !== undefined)) throw new Problem(404, notFound);
  const talks = () =>
    hub.devices.list().some((device) => mayUse(hub.identity.policy, { principal, right: "talk", device }));
  if (to.some((target) => target.startsWith("person:")) && !talks()) throw new Problem(404, notFound);
  const channels = to.filter((target): target is ChannelId => !target.startsWith("person:"));
  if (channels.length > 0 && !addressed(hub, { principal, to: channels, priority: 0 }))
    throw new Problem(404, notFound);
  return to;
}

function channelCalled(text: string, hub: HttpContext["hub"]): ChannelId | undefined {
  return isChannelId(text) ? text : channelNamed(text, hub.house());
}

function personCalled(text: string, hub: HttpContext["hub"]): PartyId | undefined {
  if (!text.startsWith("person:")) return undefined;
  const found = hub.personCalled(text.slice("person:".length));
  return found && `person:${found.id}`;
}

const refusals: Readonly<Record<NonNullable<CallResult["reason"]>, string>> = {
  over: "The call is over",
  answered: "It was answered already",
  ringing: "Nobody has answered it yet",
  busy: "Somebody who is needed for it is in another call",
  unreachable: "Nobody who is called can be reached",
  quiet: "Nobody who is called wants to be disturbed now",
  stranger: "You do not take part in it",
  oneself: "One cannot answer one's own call",
  muted: "This bell is muted for a while: nobody answered it for too long",
  "too-many": "There are too many calls, or too many people in this one",
};

/** A wish about a call that came to nothing, as an answer. */
export function refusedCall({ reason = "over", by, call }: CallResult): Problem {
  const who = by && `, by ${by.name}`;
  return new Problem(409, {
    code: "call-refused",
    detail: `${refusals[reason]}${who ?? ""}.`,
    fields: { reason, ...(by && { name: by.name }) },
    more: { ...(by && { by }), ...(call && { state: call.state }) },
  });
}

function audit(
  principal: Principal,
  { action, call, context }: { readonly action: AuditAction; readonly call: CallInfo; readonly context: HttpContext },
): void {
  const channels = call.to.filter((target): target is ChannelId => isChannelId(target));
  const called = call.rung.map(({ name }) => name).join(", ") || subjectOf(channels);
  const subject = action === "call" ? called : (call.from.deviceId ?? call.from.name);
  context.hub.identity.audit.record({ actor: principal.name, action, subject, detail: `call ${call.id}` });
}
