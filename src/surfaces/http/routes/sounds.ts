import type { Readable } from "node:stream";
import { z } from "zod";
import { maxSoundBytes } from "../../../hub/sounds.ts";
import { type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";
import { readUpload } from "./uploaded-sound.ts";

const name = z.string().min(1).max(128);

const soundSchema = z.object({
  name: z.string().describe("What `file` of POST /api/v1/say takes."),
  seconds: z.number().optional().describe("Absent of a file that is no sound."),
  bytes: z.number(),
  changedMs: z.number(),
});

const administrators = { right: "administer", bearerWrites: true } as const;

/** The sounds folder: what there is to be played, and what administrators add, rename and delete. */
export function soundRoutes(context: HttpContext): readonly Route[] {
  const { sounds, identity } = context.hub;
  return [
    route({
      method: "GET",
      path: "/api/v1/sounds",
      summary: "The files of the sounds folder, by name",
      right: "signed-in",
      answers: { 200: { description: "The sounds", schema: z.object({ sounds: z.array(soundSchema).readonly() }) } },
      handle: async () => ({ sounds: await sounds.list() }),
    }),
    route({
      ...administrators,
      method: "POST",
      path: "/api/v1/sounds",
      summary: `Adds the sound file that is sent along (at most ${maxSoundBytes / 2 ** 20} MiB) to the sounds folder`,
      query: z.strictObject({ name }),
      body: z.custom<Readable>(),
      bodyType: "application/octet-stream",
      answers: {
        201: { description: "The sound", schema: soundSchema },
        409: { description: "There is one of this name, or there are too many" },
        413: { description: "The file is too large" },
        422: { description: "It is no sound that can be played, or cannot be called so" },
      },
      handle: async ({ query, body, asker, signal, principal }) => {
        using _place = context.shares.uploads.enter(asker);
        const added = await sounds.add(query.name, await readUpload(body, { maxBytes: maxSoundBytes, signal }));
        identity.audit.record({ actor: principal.name, action: "sound-added", subject: added.name });
        return added;
      },
    }),
    route({
      ...administrators,
      method: "PATCH",
      path: "/api/v1/sounds/:name",
      summary: "Gives a file of the sounds folder another name",
      params: z.object({ name }),
      body: z.strictObject({ name }),
      answers: {
        200: { description: "The sound", schema: soundSchema },
        404: { description: "There is none of this name" },
        409: { description: "There is one of the new name" },
        422: { description: "It cannot be called so" },
      },
      handle: async ({ params, body, principal }) => {
        const renamed = await sounds.rename(params.name, body.name);
        identity.audit.record({ actor: principal.name, action: "sound-renamed", subject: renamed.name });
        return renamed;
      },
    }),
    route({
      ...administrators,
      method: "DELETE",
      path: "/api/v1/sounds/:name",
      summary: "Deletes a file of the sounds folder",
      params: z.object({ name }),
      answers: { 204: { description: "Deleted" }, 404: { description: "There is none of this name" } },
      handle: async ({ params, principal }) => {
        await sounds.remove(params.name);
        identity.audit.record({ actor: principal.name, action: "sound-removed", subject: params.name });
        return undefined;
      },
    }),
  ];
}
