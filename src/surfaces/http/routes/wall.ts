import { wallLayoutChangeSchema, wallLayoutSchema } from "../../../identity/wall-layouts.ts";
import { Problem } from "../../problem.ts";
import { type Call, type Route, route } from "../../route.ts";
import type { HttpContext } from "../context.ts";

/** How people arrange their walls: each of them their own. */
export function wallRoutes({ hub }: HttpContext): readonly Route[] {
  const { walls } = hub.identity;
  return [
    route({
      method: "GET",
      path: "/api/v1/wall",
      summary: "How the caller arranged their wall: order, favourites, areas as headings",
      right: "signed-in",
      answers: { 200: { description: "The arrangement", schema: wallLayoutSchema } },
      handle: (call) => walls.of(personOf(call)),
    }),
    route({
      method: "PATCH",
      path: "/api/v1/wall",
      summary: "Changes how the caller's wall is arranged, at each of their devices",
      right: "signed-in",
      bearerWrites: true,
      body: wallLayoutChangeSchema,
      answers: { 200: { description: "The arrangement", schema: wallLayoutSchema } },
      handle: async (call) => await walls.change(personOf(call), call.body),
    }),
  ];
}

function personOf({ principal }: Call): string {
  if (principal.deviceId === undefined) return principal.userId;
  throw new Problem(403, { code: "forbidden", detail: "A station has no wall of its own." });
}
