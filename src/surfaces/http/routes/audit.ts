import { z } from "zod";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

const entry = z.object({
  id: z.int(),
  atMs: z.number(),
  actor: z.string(),
  action: z.string(),
  subject: z.string().optional(),
  subjectName: z.string().optional().describe("What a device was called that is no more."),
  detail: z.string().optional(),
});

/** Who did what. */
export function auditRoutes(context: HttpContext): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/api/v1/audit",
      summary: "Who did what, newest first",
      right: "administer",
      query: z.object({
        before: z.coerce.number().int().positive().optional(),
        limit: z.coerce.number().int().min(1).max(500).default(100),
      }),
      answers: { 200: { description: "The entries", schema: z.object({ entries: z.array(entry) }) } },
      handle: async ({ query }) => {
        const { audit, store } = context.hub.identity;
        // What was done a moment ago is still on its way to the disk.
        await store.settled();
        const { formerNames } = context.hub;
        return {
          entries: audit.list(query).map((one) => {
            const subjectName = one.subject === undefined ? undefined : formerNames.of(one.subject);
            return { ...one, ...(subjectName !== undefined && { subjectName }) };
          }),
        };
      },
    }),
  ];
}
