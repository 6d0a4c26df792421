import type { FastifyReply, FastifyRequest } from "fastify";
import { parseHost } from "../allowed-hosts.ts";
import { isSecure } from "../secure.ts";
import type { HttpConfig } from "./config.ts";

/** Content-Security-Policy of everything we serve: own scripts and styles only, Trusted Types. */
export function contentSecurityPolicy(
  options: Pick<HttpConfig, "allowedFrameAncestors"> & { readonly framed?: boolean },
): string {
  const frames = options.allowedFrameAncestors.map((url) => new URL(url).origin);
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${frames.length > 0 || options.framed ? ["'self'", ...frames].join(" ") : "'none'"}`,
    "require-trusted-types-for 'script'",
    "trusted-types lit-html doorward",
  ].join("; ");
}

const yearSeconds = 365 * 24 * 60 * 60;

/**
 * HSTS (RFC 6797): from then on browsers call this name by HTTPS only. Sent where it holds: under the public name, with a
 * certificate that people configured. With the hub's own certificate it would lock out every browser that does not
 * trust it yet.
 */
function demandsHttps(request: FastifyRequest, config: HttpConfig): boolean {
  const { certificate, publicName } = config;
  if (!certificate || publicName === undefined || !isSecure(request)) return false;
  return parseHost(request.host)?.name.toLowerCase() === publicName.toLowerCase();
}

/** Writes the headers that every answer carries; `framed`: shown in a frame by a page of the same origin. */
export function writeSecurityHeaders(
  request: FastifyRequest,
  how: { readonly reply: FastifyReply; readonly config: HttpConfig; readonly framed?: boolean },
): void {
  const { reply, config, framed = false } = how;
  if (demandsHttps(request, config)) reply.header("strict-transport-security", `max-age=${yearSeconds}`);
  reply.header("content-security-policy", contentSecurityPolicy({ ...config, framed }));
  if (config.allowedFrameAncestors.length === 0 && !framed) reply.header("x-frame-options", "DENY");
  reply.header("x-content-type-options", "nosniff");
  reply.header("referrer-policy", "no-referrer");
  reply.header("cross-origin-opener-policy", "same-origin");
  reply.header("cross-origin-resource-policy", "same-origin");
  reply.header("permissions-policy", "microphone=(self), camera=(), geolocation=(), payment=(), usb=()");
  reply.header("cache-control", "no-store");
}
