import { z } from "zod";
import { type Route, route } from "../../route.ts";
import type { ApiParts } from "../api-parts.ts";
import type { HttpContext } from "../context.ts";
import { openApiDocument } from "../openapi.ts";

const health = z.object({
  status: z.enum(["ok", "degraded"]),
  version: z.string(),
  uptimeSeconds: z.int(),
  /** What is wrong, when it is degraded. */
  faults: z.array(z.object({ id: z.string(), what: z.string(), sinceMs: z.number() })).optional(),
});

const driver = z.object({ kind: z.string(), summary: z.string(), schema: z.looseObject({}) });

/** Whether the hub is alive, what it can do, and how it is spoken to. */
export function systemRoutes(context: HttpContext, parts: ApiParts): readonly Route[] {
  const { clock } = context.hub;
  const startUs = clock.nowUs();
  return [
    route({
      method: "GET",
      path: "/health",
      summary: "Whether the hub is alive, and what is wrong with it",
      right: "none",
      beforeSetup: true,
      answers: {
        200: { description: "The hub runs; `degraded` when something is wrong that it can live with", schema: health },
      },
      handle: () => {
        // What an administrator can do about it is for them alone.
        const faults = context.hub.identity.faults.list().map(({ id, what, sinceMs }) => ({ id, what, sinceMs }));
        return {
          status: faults.length === 0 ? "ok" : "degraded",
          version: context.version,
          uptimeSeconds: Math.floor((clock.nowUs() - startUs) / 1e6),
          ...(faults.length > 0 && { faults }),
        };
      },
    }),
    route({
      method: "GET",
      path: "/api/v1/openapi.json",
      summary: "This document",
      right: "signed-in",
      answers: { 200: { description: "OpenAPI 3.1", schema: z.looseObject({ openapi: z.string() }) } },
      handle: () => openApiDocument(parts.all(), { version: context.version }),
    }),
    route({
      method: "GET",
      path: "/api/v1/drivers",
      summary: "Kinds of devices that the hub can speak to, with the schema of their settings",
      right: "administer",
      answers: { 200: { description: "The drivers", schema: z.object({ drivers: z.array(driver) }) } },
      handle: () => ({
        drivers: context.drivers.map(({ kind, summary, config }) => ({
          kind,
          summary,
          schema: z.toJSONSchema(config, { io: "input", unrepresentable: "any" }),
        })),
      }),
    }),
  ];
}
