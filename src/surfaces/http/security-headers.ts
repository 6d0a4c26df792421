import type { FastifyReply } from "fastify";
import type { HttpConfig } from "./config.ts";

/** Content-Security-Policy of everything we serve (SECURITY.md, 6): own scripts and styles only, Trusted Types. */
export function contentSecurityPolicy(options: Pick<HttpConfig, "allowedFrameAncestors">): string {
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
    `frame-ancestors ${frames.length > 0 ? ["'self'", ...frames].join(" ") : "'none'"}`,
    "require-trusted-types-for 'script'",
    "trusted-types lit-html doorward",
  ].join("; ");
}

/** Writes the headers that every answer carries. */
export function writeSecurityHeaders(reply: FastifyReply, config: HttpConfig): void {
  reply.header("content-security-policy", contentSecurityPolicy(config));
  if (config.allowedFrameAncestors.length === 0) reply.header("x-frame-options", "DENY");
  reply.header("x-content-type-options", "nosniff");
  reply.header("referrer-policy", "no-referrer");
  reply.header("cross-origin-opener-policy", "same-origin");
  reply.header("cross-origin-resource-policy", "same-origin");
  reply.header("permissions-policy", "microphone=(self), camera=(), geolocation=(), payment=(), usb=()");
  reply.header("cache-control", "no-store");
}
