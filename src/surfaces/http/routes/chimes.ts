import type { Readable } from "node:stream";
import { z } from "zod";
import { maxChimeBytes } from "../../../hub/chimes.ts";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";
import { readUpload } from "./uploaded-sound.ts";

const name = z.string().min(1).max(64);

const chimeSchema = z.object({
  name: z.string(),
  builtIn: z.boolean().describe("One of the hub's own: it cannot be removed."),
  seconds: z.number(),
  file: z.string().optional().describe("The file of the sounds folder that it is; deleted there."),
});

/** The sounds that ring: what there is, and what administrators add. */
export function chimeRoutes(context: HttpContext): readonly Route[] {
  const { chimes, sounds, identity } = context.hub;
  return [
    route({
      method: "GET",
      path: "/api/v1/chimes",
      summary: "The chimes that can be played",
      right: "signed-in",
      answers: { 200: { description: "The chimes", schema: z.object({ chimes: z.array(chimeSchema) }) } },
      handle: async () => {
        await sounds.list();
        return { chimes: chimes.list() };
      },
    }),
    route({
      method: "POST",
      path: "/api/v1/chimes",
      summary: `Adds the WAV file that is sent along (at most ${maxChimeBytes / 2 ** 20} MiB) as a chime, or replaces one that was added`,
      right: "administer",
      bearerWrites: true,
      query: z.strictObject({ name }),
      body: z.custom<Readable>(),
      bodyType: "application/octet-stream",
      answers: {
        201: { description: "The chime", schema: chimeSchema },
        409: { description: "There are too many" },
        413: { description: "The file is too large" },
        422: { description: "It is no WAV file, lasts too long, or cannot be called so" },
      },
      handle: async ({ query, body, asker, signal, principal }) => {
        using _place = context.shares.uploads.enter(asker);
        const added = await chimes.add(query.name, await readUpload(body, { maxBytes: maxChimeBytes, signal }));
        identity.audit.record({ actor: principal.name, action: "chime-added", subject: added.name });
        return added;
      },
    }),
    route({
      method: "DELETE",
      path: "/api/v1/chimes/:name",
      summary: "Removes a chime that was added",
      right: "administer",
      bearerWrites: true,
      params: z.object({ name }),
      answers: { 204: { description: "Removed" }, 409: { description: "It is one of the hub's own" } },
      handle: async ({ params, principal }) => {
        await chimes.remove(params.name);
        identity.audit.record({ actor: principal.name, action: "chime-removed", subject: params.name });
        return undefined;
      },
    }),
  ];
}
