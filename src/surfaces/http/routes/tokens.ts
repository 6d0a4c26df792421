import { z } from "zod";
import { nameSchema } from "../../../util/name.ts";
import { notFound, Problem } from "../../problem.ts";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const token = z.object({
  id: z.string(),
  name: z.string(),
  createdMs: z.number(),
  expiresMs: z.number().optional(),
  lastUsedMs: z.number().optional(),
});

const dayMs = 24 * 60 * 60 * 1000;

/** One's own tokens for programs. Only from the page: a token that is lost cannot make another. */
export function tokenRoutes(context: HttpContext): readonly Route[] {
  const { audit, credentials, users } = context.hub.identity;
  return [
    route({
      method: "GET",
      path: "/api/v1/tokens",
      summary: "Your tokens",
      right: "session",
      answers: {
        200: { description: "The tokens, without their secrets", schema: z.object({ tokens: z.array(token) }) },
      },
      handle: ({ principal }) => ({ tokens: credentials.tokens(principal.userId) }),
    }),
    route({
      method: "POST",
      path: "/api/v1/tokens",
      summary: "Makes a token with your rights; its secret is shown this once",
      right: "session",
      body: z.strictObject({ name: nameSchema, expiresDays: z.int().min(1).max(3650).optional() }),
      answers: { 201: { description: "The token", schema: token.extend({ token: z.string() }) } },
      handle: async ({ body, principal }) => {
        const expiresMs = body.expiresDays && context.hub.clock.wallMs() + body.expiresDays * dayMs;
        const { secret, ...made } = await credentials.makeToken(principal.userId, { name: body.name, expiresMs });
        audit.record({ actor: principal.name, action: "token-made", subject: body.name });
        return { ...made, token: secret };
      },
    }),
    route({
      method: "DELETE",
      path: "/api/v1/tokens/:id",
      summary: "Revokes a token; what it has open is closed",
      right: "session",
      params: z.object({ id: z.string().max(64) }),
      answers: { 204: { description: "Revoked" } },
      handle: async ({ params: { id }, principal }) => {
        const ended = await users.endCredential({ userId: principal.userId, via: "token", id });
        if (!ended.found) throw new Problem(404, notFound);
        if (!ended.kept) throw notYetKept();
        audit.record({ actor: principal.name, action: "token-revoked", subject: id });
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
