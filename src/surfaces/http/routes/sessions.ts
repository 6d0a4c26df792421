import { z } from "zod";
import { notFound, Problem } from "../../problem.ts";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const session = z.object({
  id: z.string(),
  here: z.boolean().describe("It is the one that asks."),
  panel: z.boolean().describe("A screen that is locked to the panel."),
  createdMs: z.number(),
  seenMs: z.number().describe("Exact to about a minute."),
  address: z.string().optional().describe("From where it was signed in."),
  browser: z.string().optional().describe("What the browser called itself then (User-Agent)."),
});

/** One of one's own sessions. */
export type OwnSession = Readonly<z.infer<typeof session>>;

/** Where one is signed in oneself, and signing out there. Only from the page: a token neither sees nor ends sessions. */
export function ownSessionRoutes(context: HttpContext): readonly Route[] {
  const { audit, credentials, users } = context.hub.identity;
  return [
    route({
      method: "GET",
      path: "/api/v1/sessions",
      summary: "Where you are signed in",
      right: "signed-in",
      proof: "session",
      answers: {
        200: { description: "Your sessions, the last used first", schema: z.object({ sessions: z.array(session) }) },
      },
      handle: ({ principal: { userId, credentialId } }) => ({
        sessions: credentials.sessions(userId).map((each) => ({ ...each, here: each.id === credentialId })),
      }),
    }),
    route({
      method: "DELETE",
      path: "/api/v1/sessions/:id",
      summary: "Signs you out in one browser, at once; what it has open is closed",
      right: "signed-in",
      proof: "session",
      params: z.object({ id: z.string().max(64) }),
      answers: { 204: { description: "Signed out there" } },
      handle: async ({ params: { id }, principal }) => {
        const one = credentials.sessions(principal.userId).find((each) => each.id === id);
        const ended = await users.endCredential({ userId: principal.userId, via: "session", id });
        if (!one || !ended.found) throw new Problem(404, notFound);
        audit.record({ actor: principal.name, action: "session-ended", detail: one.address });
        if (!ended.kept) throw notYetKept();
        return undefined;
      },
    }),
    route({
      method: "DELETE",
      path: "/api/v1/sessions",
      summary: "Signs you out everywhere but here, at once",
      right: "signed-in",
      proof: "session",
      answers: {
        200: { description: "How many ended", schema: z.object({ ended: z.int() }) },
      },
      handle: async ({ principal }) => {
        const { ended, kept } = await users.endOtherSessions(principal);
        if (ended > 0) audit.record({ actor: principal.name, action: "sessions-ended", detail: String(ended) });
        if (!kept) throw notYetKept();
        return { ended };
      },
    }),
  ];
}

function notYetKept(): Problem {
  const detail =
    "You are signed out there, but that could not be written to the disk yet. It is written as soon as possible; " +
    "if the hub were started again before, you would be signed in there again.";
  return new Problem(503, { code: "store", detail });
}
