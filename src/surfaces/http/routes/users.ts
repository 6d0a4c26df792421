import { z } from "zod";
import { describeGrants, grantSchema, type HeldRights } from "../../../identity/policy.ts";
import { userInputSchema } from "../../../identity/users.ts";
import { Problem } from "../../problem.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const user = z.object({
  id: z.string(),
  name: z.string(),
  administrator: z.boolean(),
  hasPassword: z.boolean(),
  grants: z.array(grantSchema),
  createdMs: z.number(),
});

const listed = user.extend({
  invitedUntilMs: z
    .number()
    .optional()
    .describe("An invitation by which they choose their password is good until then."),
});

/** A person of the list. */
export type ListedPerson = z.infer<typeof listed>;

/** No defaults here: what is absent stays as it is. */
const patchBody = z
  .strictObject({
    ...userInputSchema.shape,
    administrator: z.boolean(),
    grants: userInputSchema.shape.grants.unwrap(),
  })
  .partial();

const params = z.object({ id: z.string().max(64) });

/** People and what they may do. Changes take a session with a fresh password; nobody gives more than they have. */
export function userRoutes(context: HttpContext): readonly Route[] {
  const { audit, invitations, users } = context.hub.identity;
  return [
    route({
      method: "GET",
      path: "/api/v1/users",
      summary: "The people who may use the hub",
      right: "administer",
      answers: { 200: { description: "The people", schema: z.object({ users: z.array(listed) }) } },
      handle: () => {
        const until = new Map(invitations.list().map(({ userId, expiresMs }) => [userId, expiresMs]));
        return { users: users.list().map((each) => ({ ...each, invitedUntilMs: until.get(each.id) })) };
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/users",
      summary: "Adds a person",
      right: "administer",
      proof: "password",
      body: userInputSchema,
      answers: { 201: { description: "The person", schema: user } },
      handle: async (call) => {
        const { body, principal } = call;
        refuseBeyond(call, { context, person: body });
        const added = await users.create(body);
        audit.record({ actor: principal.name, action: "user-added", subject: added.name, detail: describe(added) });
        return added;
      },
    }),
    route({
      method: "PATCH",
      path: "/api/v1/users/:id",
      summary: "Changes a person; what they have open is closed when their rights change",
      right: "administer",
      proof: "password",
      params,
      body: patchBody,
      answers: { 200: { description: "The person", schema: user } },
      handle: async (call) => {
        const { body, params, principal } = call;
        const before = users.demand(params.id);
        refuseBeyond(call, { context, person: before });
        refuseBeyond(call, { context, person: { ...before, ...body } });
        const changed = await users.update(before.id, body);
        const detail = `${Object.keys(body).join(" ")}: ${describe(changed)}`;
        audit.record({ actor: principal.name, action: "user-changed", subject: changed.name, detail });
        return changed;
      },
    }),
    route({
      method: "DELETE",
      path: "/api/v1/users/:id",
      summary: "Removes a person, with their sessions and tokens",
      right: "administer",
      proof: "password",
      params,
      answers: { 204: { description: "Removed" } },
      handle: async (call) => {
        const person = users.demand(call.params.id);
        refuseBeyond(call, { context, person });
        await users.remove(person.id);
        context.hub.ringing.forget(person.id);
        audit.record({ actor: call.principal.name, action: "user-removed", subject: person.name });
      },
    }),
  ];
}

/** Nobody manages whoever has, or would have, more rights than they. Throws Problem 403. */
export function refuseBeyond(
  { principal }: Pick<Call, "principal">,
  { context, person }: { readonly context: HttpContext; readonly person: HeldRights },
): void {
  if (context.hub.identity.policy.mayManage(principal, person)) return;
  const detail = "Only an administrator may do this: the person has, or would have, rights that you do not have.";
  throw new Problem(403, { code: "forbidden", detail });
}

function describe(person: HeldRights): string {
  return person.administrator ? "administrator" : describeGrants(person.grants);
}
