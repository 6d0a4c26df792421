import { createHash } from "node:crypto";
import { z } from "zod";
import { type Invitation as Good, invitationHours } from "../../../identity/invitations.ts";
import { passwordSchema } from "../../../identity/password.ts";
import { addressBlock } from "../../../util/address-block.ts";
import { Problem } from "../../problem.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";
import { pageAddress } from "../page-address.ts";
import { sessionInfo, sessionSchema } from "../session-info.ts";
import { startSession } from "../sign-in.ts";
import { endSession } from "./session.ts";
import { refuseBeyond } from "./users.ts";

const params = z.object({ id: z.string().max(64) });
const secret = z.string().max(128);
const makeBody = z.strictObject({ hours: z.int().min(1).max(invitationHours.most).default(invitationHours.usual) });
const lookBody = z.strictObject({ invitation: secret });
const acceptBody = z.strictObject({ invitation: secret, password: passwordSchema });

const made = z.object({
  link: z.string().describe("To be opened on the person's own device; shown once."),
  qr: z.string().describe("The link as a QR code, SVG."),
  expiresMs: z.number(),
});

/** An invitation as it is shown to whoever made it, once. */
export type Invitation = Readonly<z.infer<typeof made>>;

/**
 * Invitations: whoever may change a person gives them a link by which they choose their own password. What is secret in it stands
 * behind `#`, which browsers send nowhere, and comes to the hub in bodies only.
 */
export function invitationRoutes(context: HttpContext): readonly Route[] {
  const { audit, invitations, users } = context.hub.identity;
  return [
    route({
      method: "POST",
      path: "/api/v1/users/:id/invitation",
      summary: "Makes a link by which a person chooses their own password, once; the one before is void",
      right: "administer",
      proof: "password",
      params,
      body: makeBody,
      answers: { 201: { description: "The link, this once", schema: made } },
      handle: async (call) => {
        const { body, params, principal, request } = call;
        const person = users.demand(params.id);
        refuseBeyond(call, { context, person });
        const { secret, expiresMs } = await invitations.make(person.id, { byId: principal.userId, hours: body.hours });
        const detail = `good for ${body.hours} h`;
        audit.record({ actor: principal.name, action: "invitation-made", subject: person.name, detail });
        const link = `${pageAddress(request, context)}#invite=${secret}`;
        const { toString: toSvg } = await import("qrcode");
        return { link, qr: await toSvg(link, { type: "svg", margin: 2 }), expiresMs };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/v1/users/:id/invitation",
      summary: "Withdraws a person's invitation",
      right: "administer",
      proof: "password",
      params,
      answers: { 204: { description: "Withdrawn" } },
      handle: async (call) => {
        const person = users.demand(call.params.id);
        refuseBeyond(call, { context, person });
        await invitations.withdraw(person.id);
        audit.record({ actor: call.principal.name, action: "invitation-withdrawn", subject: person.name });
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/invitation",
      summary: "Whom an invitation is for, while it is good",
      right: "none",
      body: lookBody,
      answers: {
        200: { description: "The person", schema: z.object({ name: z.string(), expiresMs: z.number() }) },
        410: { description: "`no-invitation`: used, withdrawn, too old, or never made" },
      },
      handle: (call) => {
        const { userId, expiresMs } = good(call, context);
        return { name: users.demand(userId).name, expiresMs };
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/invitation/accept",
      summary: "Chooses one's own password by an invitation, which is used up, and signs in",
      right: "none",
      givesSession: true,
      body: acceptBody,
      answers: {
        200: { description: "Signed in; sets the cookie", schema: sessionSchema },
        410: { description: "`no-invitation`" },
      },
      handle: (call) => accept(call, context),
    }),
  ];
}

/** The invitation that was shown, if it is good. Who shows others is counted as who guesses passwords is. */
function good(call: Call<unknown, unknown, z.infer<typeof lookBody>>, context: HttpContext): Good {
  const { request, body } = call;
  const { audit, invitations } = context.hub.identity;
  const account = `invitation ${createHash("sha256").update(body.invitation).digest("hex").slice(0, 16)}`;
  const attempt = context.logInGuard.begin({ account, block: addressBlock(request.ip) });
  const found = invitations.find(body.invitation);
  if (!found) {
    audit.record({ actor: "nobody", action: "invitation-failed", detail: request.ip });
    const detail = "This invitation is no longer good: it was used, withdrawn, or is too old. Ask for another one.";
    throw new Problem(410, { code: "no-invitation", detail });
  }
  attempt.succeeded();
  return found;
}

async function accept(
  call: Call<unknown, unknown, z.infer<typeof acceptBody>>,
  context: HttpContext,
): Promise<unknown> {
  const { identity } = context.hub;
  const { body, request } = call;
  good(call, context);
  const { id, name } = await identity.invitations.accept(body.invitation, body.password);
  await startSession(call, { identity, userId: id });
  await endSession(call, context);
  identity.audit.record({ actor: name, action: "invitation-used", detail: request.ip });
  return sessionInfo(request, context, id);
}
