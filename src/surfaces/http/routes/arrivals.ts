import { z } from "zod";
import { nameSchema } from "../../../util/name.ts";
import { deviceView, deviceViewSchema } from "../../device-view.ts";
import { deviceParams, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const waitingSchema = z.object({
  id: z.string(),
  kind: z.string(),
  address: z.string(),
  sinceMs: z.number(),
  lastMs: z.number(),
});

const approval = z.strictObject({
  name: nameSchema.optional().describe("What people will call it; made from its id when absent."),
  area: nameSchema.optional(),
  address: z.string().max(64).optional().describe("Where it waits: another one under its name is not let in."),
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
        const { device, token } = await reception.approve(params.id, { ...body, by: principal.name });
        return { device: deviceView(device, { principal, policy }), ...(token !== undefined && { token }) };
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
