import { z } from "zod";
import { grantSchema } from "../../../identity/policy.ts";
import { userInputSchema } from "../../../identity/users.ts";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const user = z.object({
  id: z.string(),
  name: z.string(),
  administrator: z.boolean(),
  hasPassword: z.boolean(),
  grants: z.array(grantSchema),
  createdMs: z.number(),
});

/** No defaults here: what is absent stays as it is. */
const patchBody = z
  .strictObject({
    ...userInputSchema.shape,
    administrator: z.boolean(),
    grants: userInputSchema.shape.grants.unwrap(),
  })
  .partial();

const params = z.object({ id: z.string().max(64) });

/** People and what they may do. */
export function userRoutes(context: HttpContext): readonly Route[] {
  const { audit, users } = context.hub.identity;
  return [
    route({
      method: "GET",
      path: "/api/v1/users",
      summary: "The people who may use the hub",
      right: "administer",
      answers: { 200: { description: "The people", schema: z.object({ users: z.array(user) }) } },
      handle: () => ({ users: users.list() }),
    }),
    route({
      method: "POST",
      path: "/api/v1/users",
      summary: "Adds a person",
      right: "administer",
      body: userInputSchema,
      answers: { 201: { description: "The person", schema: user } },
      handle: async ({ body, principal }) => {
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
      params,
      body: patchBody,
      answers: { 200: { description: "The person", schema: user } },
      handle: async ({ body, params: { id }, principal }) => {
        const changed = await users.update(id, body);
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
      params,
      answers: { 204: { description: "Removed" } },
      handle: async ({ params: { id }, principal }) => {
        const name = users.get(id)?.name;
        await users.remove(id);
        audit.record({ actor: principal.name, action: "user-removed", subject: name });
        return undefined;
      },
    }),
  ];
}

function describe(person: {
  readonly administrator: boolean;
  readonly grants: readonly z.infer<typeof grantSchema>[];
}): string {
  if (person.administrator) return "administrator";
  return person.grants.map(({ scope, rights }) => `${scope}=${rights.join("+")}`).join(" ") || "no rights";
}
