import type { FastifyRequest } from "fastify";

/** True when the request came encrypted, to us or to a proxy that we trust. */
export function isSecure(request: FastifyRequest): boolean {
  return request.protocol === "https";
}
