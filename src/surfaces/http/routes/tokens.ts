import { z } from "zod";
import { usualDigestName } from "../../../identity/digest-keys.ts";
import { describeGrants, grantSchema, isWithin } from "../../../identity/policy.ts";
import { nameSchema } from "../../../util/name.ts";
import { notFound, Problem } from "../../problem.ts";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const token = z.object({
  id: z.string(),
  name: z.string(),
  grants: z.array(grantSchema),
  createdMs: z.number(),
  expiresMs: z.number().optional(),
  lastUsedMs: z.number().optional(),
});

const tokenBody = z.strictObject({
  name: nameSchema,
  grants: z
    .array(grantSchema)
    .max(256)
    .refine((grants) => grants.some(({ rights }) => rights.length > 0), { message: "choose at least one right" }),
  expiresDays: z.int().min(1).max(3650).optional(),
});

const dayMs = 24 * 60 * 60 * 1000;

/**
 * One's own tokens for programs, each with rights of its own. Only from the page, and made only with a fresh password: a
 * token that is lost cannot make another, nor can a page that was left open.
 */
export function tokenRoutes(context: HttpContext): readonly Route[] {
  const { audit, credentials, users } = context.hub.identity;
  return [
    route({
      method: "GET",
      path: "/api/v1/tokens",
      summary: "Your tokens",
      right: "signed-in",
      proof: "session",
      answers: {
        200: { description: "The tokens, without their secrets", schema: z.object({ tokens: z.array(token) }) },
      },
      handle: ({ principal }) => ({ tokens: credentials.tokens(principal.userId) }),
    }),
    route({
      method: "POST",
      path: "/api/v1/tokens",
      summary: "Makes a token with some of your rights; its secret is shown this once",
      right: "signed-in",
      proof: "password",
      body: tokenBody,
      answers: { 201: { description: "The token", schema: token.extend({ token: z.string() }) } },
      handle: async ({ body, principal }) => {
        const person = users.demand(principal.userId);
        if (!isWithin(body.grants, person)) {
          throw new Problem(422, { code: "beyond-rights", detail: "A token cannot have rights that you do not have." });
        }
        const expiresMs = body.expiresDays && context.hub.clock.wallMs() + body.expiresDays * dayMs;
        const { name, grants } = body;
        const { secret, ...made } = await credentials.makeToken(person.id, {
          ...{ name, grants, expiresMs },
          digestNames: [usualDigestName, person.name],
        });
        const detail = `for ${person.name}: ${describeGrants(grants)}`;
        audit.record({ actor: principal.name, action: "token-made", subject: name, detail });
        return { ...made, token: secret };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/v1/tokens/:id",
      summary: "Revokes a token; what it has open is closed",
      right: "signed-in",
      proof: "session",
      params: z.object({ id: z.string().max(64) }),
      answers: { 204: { description: "Revoked" } },
      handle: async ({ params: { id }, principal }) => {
        const token = credentials.tokens(principal.userId).find((each) => each.id === id);
        const ended = await users.endCredential({ userId: principal.userId, via: "token", id });
        if (!token || !ended.found) throw new Problem(404, notFound);
        if (!ended.kept) throw notYetKept();
        const detail = `of ${principal.name}`;
        audit.record({ actor: principal.name, action: "token-revoked", subject: token.name, detail });
        return undefined;
      },
    }),
  ];
}

function notYetKept(): Problem {
  const detail =
    "The token works no longer, but that could not be written to the disk yet. It is written as soon as possible; " +
    "if the hub were started again before, the token would work again.";
  return new Problem(503, { code: "store", detail });
}
