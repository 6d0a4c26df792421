import type { FastifyRequest } from "fastify";
import { Problem } from "../problem.ts";
import { isAllowedHost, parseHost } from "./allowed-hosts.ts";

/** Options of {@link refuseCrossSite}. */
export interface CrossSiteOptions {
  readonly publicName?: string | undefined;
  readonly crossOrigin?: { readonly prefix: string; readonly origins: readonly string[] } | undefined;
}

/**
 * Refuses what another site made a browser send, on HTTP and WebSocket alike (SECURITY.md, 5): the `Host` must be a
 * name of ours, and an `Origin`, where there is one, must be the same host or our public name, unless the
 * configuration allows that origin for this path. Throws {@link Problem} 421 `bad-host` or 403 `bad-origin`.
 */
export function refuseCrossSite(request: FastifyRequest, options: CrossSiteOptions): void {
  const host = parseHost(request.host);
  if (!host || !isAllowedHost(host.name, options)) {
    throw new Problem(421, { code: "bad-host", detail: "The hub does not answer to this name; set http.publicName." });
  }
  const origin = request.headers.origin;
  if (origin === undefined || isOwnOrigin(origin, { host: request.host, publicName: options.publicName })) return;
  if (isAllowedOrigin(request, options)) return;
  throw new Problem(403, { code: "bad-origin", detail: "Pages of other sites may not use the hub." });
}

/** True when another origin may call this path, as configured. */
export function isAllowedOrigin(request: FastifyRequest, options: CrossSiteOptions): boolean {
  const { crossOrigin } = options;
  const { origin } = request.headers;
  if (!crossOrigin || origin === undefined || !request.url.startsWith(crossOrigin.prefix)) return false;
  return crossOrigin.origins.includes(origin);
}

function isOwnOrigin(
  origin: string,
  own: { readonly host: string; readonly publicName?: string | undefined },
): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:") || url.origin !== origin) return false;
  if (url.hostname === own.publicName?.toLowerCase()) return true;
  const expected = `${url.protocol}//${own.host.toLowerCase()}`;
  return URL.canParse(expected) && new URL(expected).origin === origin;
}
