import { z } from "zod";
import { type Grant, grantSchema, type Policy, type Principal } from "../../../identity/policy.ts";
import { nameSchema } from "../../../util/name.ts";
import { deviceView, deviceViewSchema } from "../../device-view.ts";
import { Problem } from "../../problem.ts";
import { deviceParams, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const waitingSchema = z.object({
  id: z.string(),
  kind: z.string(),
  address: z.string(),
  name: z.string().optional().describe("What it calls itself."),
  sinceMs: z.number(),
  lastMs: z.number(),
});

const approval = z.strictObject({
  name: nameSchema.optional().describe("What people will call it; made from its id when absent."),
  area: nameSchema.optional(),
  address: z.string().max(64).optional().describe("Where it waits: another one under its name is not let in."),
  grants: z.array(grantSchema).max(64).optional().describe("What the device itself may do, e.g. speak through others."),
  legacy: z.boolean().default(false).describe("It can carry no token: pin it to the address that it calls from."),
});

const tokenAnswer = z.object({ token: z.string().describe("Shown once; the hub keeps only its hash.") });

/** Devices that call the hub: who waits, letting them in, their tokens. */
export function arrivalRoutes(context: HttpContext): readonly Route[] {
  const { reception, identity } = context.hub;
  const { policy } = identity;
  return [
    route({
      method: "GET",
      path: "/api/v1/arrivals",
      summary: "Devices that call the hub and wait to be let in",
      right: "administer",
      answers: { 200: { description: "Who waits", schema: z.object({ waiting: z.array(waitingSchema) }) } },
      handle: () => ({ waiting: reception.waiting() }),
    }),
    route({
      method: "POST",
      path: "/api/v1/arrivals/:id",
      summary: "Lets in a device that waits; answers its token, once",
      right: "administer",
      bearerWrites: true,
      params: deviceParams,
      body: approval,
      answers: {
        201: {
          description: "The device, with its token unless it is a legacy one",
          schema: z.object({ device: deviceViewSchema.optional(), token: z.string().optional() }),
        },
      },
      handle: async ({ params, body, principal }) => {
        refuseMore(policy, { principal, grants: body.grants ?? [] });
        const { device, token } = await reception.approve(params.id, {
          ...body,
          mayGive: (right) => policy.allows(principal, right),
          by: principal.name,
        });
        return { device: deviceView(device, { principal, policy }), ...(token !== undefined && { token }) };
      },
    }),
    route({
      method: "PATCH",
      path: "/api/v1/arrivals/:id",
      summary: "Changes what a device that was let in may do for itself",
      right: "administer",
      bearerWrites: true,
      params: deviceParams,
      body: z.strictObject({ grants: z.array(grantSchema).max(64) }),
      answers: { 204: { description: "Changed" } },
      handle: async ({ params, body, principal }) => {
        refuseMore(policy, { principal, grants: body.grants });
        await reception.setGrants(params.id, { ...body, by: principal.name });
      },
    }),
    route({
      method: "DELETE",
      path: "/api/v1/arrivals/:id",
      summary: "Sends a device away that waits",
      right: "administer",
      bearerWrites: true,
      params: deviceParams,
      answers: { 204: { description: "Refused for ten minutes" } },
      handle: ({ params, principal }) => reception.refuse(params.id, principal.name),
    }),
    route({
      method: "POST",
      path: "/api/v1/devices/:id/token",
      summary: "Makes a new token for a device that calls the hub; the one before counts no more",
      right: "administer",
      bearerWrites: true,
      params: deviceParams,
      answers: { 201: { description: "The token, once", schema: tokenAnswer } },
      handle: async ({ params, principal }) => ({ token: await reception.renew(params.id, principal.name) }),
    }),
    route({
      method: "DELETE",
      path: "/api/v1/devices/:id/token",
      summary: "Takes a device's token away and ends its connection",
      right: "administer",
      bearerWrites: true,
      params: deviceParams,
      answers: { 204: { description: "Revoked" } },
      handle: ({ params, principal }) => reception.revoke(params.id, principal.name),
    }),
  ];
}

/** Nobody gives a device what they lack, or what is a person's: to administer. */
function refuseMore(policy: Policy, what: { readonly principal: Principal; readonly grants: readonly Grant[] }): void {
  const rights = what.grants.flatMap((grant) => grant.rights);
  if (!rights.includes("administer") && rights.every((right) => policy.allows(what.principal, right))) return;
  throw new Problem(403, { code: "forbidden", detail: "You may not give a device these rights." });
}
