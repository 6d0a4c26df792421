import { type Route, route } from "../../route.ts";
import type { ApiParts } from "../api-parts.ts";
import type { HttpContext } from "../context.ts";
import { renderMetrics } from "../metrics.ts";

/** Numbers for Prometheus. */
export function metricsRoutes(context: HttpContext, parts: ApiParts): readonly Route[] {
  return [
    route({
      method: "GET",
      path: "/metrics",
      summary: "Numbers for Prometheus",
      right: "metrics",
      answers: { 200: { description: "The numbers", mediaType: "text/plain" } },
      handle: async ({ reply }) => {
        const { text, contentType } = await renderMetrics(context, parts.counters);
        return reply.type(contentType).send(text);
      },
    }),
  ];
}
