import type { FastifyRequest } from "fastify";
import { isAllowedHost, parseHost } from "../allowed-hosts.ts";
import { Problem } from "../problem.ts";
import type { CrossOrigin } from "../surface.ts";

/** Options of {@link refuseCrossSite}. */
export interface CrossSiteOptions {
  readonly publicName?: string | undefined;
  /** False when a proxy in front serves HTTPS. */
  readonly https?: boolean;
  readonly trustedProxies?: readonly string[];
  readonly crossOrigin?: readonly CrossOrigin[];
  /** Home Assistant has let it through: under which name, and behind which proxy, it is reached is its own affair. */
  readonly anyHost?: boolean;
}

/**
 * Refuses what another site made a browser send, on HTTP and WebSocket alike: the `Host`, of which there
 * is one (RFC 9112, 3.2), must be a name of ours, and an `Origin`, where there is one, must be the whole address that
 * was called: scheme, name and port. Where a proxy in front may have written another `Host`, that proxy's own public
 * origin counts too, as do origins that the configuration allows for this path. Throws {@link Problem} 400 `invalid`,
 * 421 `bad-host` or 403 `bad-origin`.
 */
export function refuseCrossSite(request: FastifyRequest, options: CrossSiteOptions): void {
  const { rawHeaders } = request.raw;
  const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
  if (hosts.length > 1) throw new Problem(400, { code: "invalid", detail: "The request names two hosts." });
  const host = parseHost(request.host);
  if (!host || !(options.anyHost || isAllowedHost(host.name, options))) {
    throw new Problem(421, { code: "bad-host", detail: "The hub does not answer to this name; set http.publicName." });
  }
  const origin = request.headers.origin;
  if (origin === undefined || isOwnOrigin(origin, request, options) || origin === proxiedOrigin(options)) return;
  if (isAllowedOrigin(request, options.crossOrigin ?? [])) return;
  throw new Problem(403, { code: "bad-origin", detail: "Pages of other sites may not use the hub." });
}

/** True when another origin may call this path, as configured. */
export function isAllowedOrigin(request: FastifyRequest, allowed: readonly CrossOrigin[]): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return false;
  return allowed.some(({ prefix, origins }) => request.url.startsWith(prefix) && origins.includes(origin));
}

/** The same scheme, name and port as were called; a page of another port or scheme of ours is another site's. */
function isOwnOrigin(origin: string, request: FastifyRequest, { anyHost }: CrossSiteOptions): boolean {
  const called = `${anyHost ? origin.split(":")[0] : request.protocol}://${request.host}`;
  return URL.canParse(called) && new URL(called).origin === origin;
}

/** What browsers call when a proxy in front, and not we, speaks HTTPS to them. */
function proxiedOrigin(options: CrossSiteOptions): string | undefined {
  const { https = true, publicName, trustedProxies = [] } = options;
  if (publicName === undefined || (https && trustedProxies.length === 0)) return undefined;
  return `https://${publicName.toLowerCase()}`;
}
