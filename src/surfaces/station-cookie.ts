import type { FastifyReply, FastifyRequest } from "fastify";
import { isSecure } from "./secure.ts";

/** A call, as far as cookies go. */
interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

const header = "x-doorward-device";
const deviceId = /^[a-z0-9][a-z0-9-]{0,47}$/;
const tokenShape = /^dwd_[\w-]{43}$/;
const lifeSeconds = 400 * 24 * 60 * 60;

/**
 * The station for which a browser speaks: its page says so with every call (a header, or `?device=` where there can be
 * none), because a person may be signed in there too, and the station acts with its own rights.
 */
export function stationIn(request: FastifyRequest): string | undefined {
  const { [header]: said } = request.headers;
  if (typeof said === "string") return said;
  if (!request.url.startsWith("/api/v1/")) return undefined;
  const asked = (request.query as Readonly<Record<string, unknown>> | undefined)?.["device"];
  return typeof asked === "string" && request.headers.upgrade !== undefined ? asked : undefined;
}

/** The station's token, which is in a cookie that no script can read. */
export function stationToken(request: FastifyRequest, id: string): string | undefined {
  if (!deviceId.test(id)) return undefined;
  const token = request.cookies[nameFor(request, id)];
  return token !== undefined && tokenShape.test(token) ? token : undefined;
}

/** Gives the browser the station's token. */
export function keepStation({ request, reply }: Exchange, who: { readonly id: string; readonly token: string }): void {
  reply.setCookie(nameFor(request, who.id), who.token, { ...cookieOptions(request), maxAge: lifeSeconds });
}

/** Takes the station's token from the browser. */
export function dropStation({ request, reply }: Exchange, id: string): void {
  reply.clearCookie(nameFor(request, id), cookieOptions(request));
}

/** With the `__Host-` prefix (RFC 6265bis) on HTTPS. */
function nameFor(request: FastifyRequest, id: string): string {
  return `${isSecure(request) ? "__Host-doorward" : "doorward"}-device-${id}`;
}

function cookieOptions(request: FastifyRequest) {
  return { path: "/", httpOnly: true, sameSite: "strict", secure: isSecure(request) } as const;
}
