import type { FastifyReply, FastifyRequest } from "fastify";
import type { Hub } from "../../hub/hub.ts";
import { onBehalf, readBehalf } from "../../identity/behalf.ts";
import type { Identity } from "../../identity/identity.ts";
import type { Principal } from "../../identity/policy.ts";
import { StoreFault } from "../../identity/store-fault.ts";
import { cookieMaxAgeSeconds } from "../../identity/users.ts";
import { tokenOf } from "../credential.ts";
import { Problem } from "../problem.ts";
import { isSecure } from "../secure.ts";
import { stationIn, stationToken } from "../station-cookie.ts";
import { knowBrowser } from "./browser-cookie.ts";

/** Names of the session's cookie: with the `__Host-` prefix (RFC 6265bis) on HTTPS, without on HTTP. */
export const cookieNames = { secure: "__Host-doorward", plain: "doorward" } as const;

/** The cookie that counts for a request. */
export function cookieName(request: FastifyRequest): string {
  return isSecure(request) ? cookieNames.secure : cookieNames.plain;
}

/**
 * Who calls: a station for itself if it says so, else a person by bearer token (RFC 6750) if there is one, where the route takes
 * it also as the password of Basic (RFC 7617), else by cookie,
 * unless Home Assistant's ingress brought the call: several people may share its origin, and so its cookies. A program that has people of its own says with `x-doorward-for`
 * for whom of them it asks.
 * Undefined when nobody is signed in.
 */
export function findPrincipal(
  request: FastifyRequest,
  hub: Pick<Hub, "identity" | "reception">,
): Principal | undefined {
  const found = findCredential(request, hub);
  const header = request.headers["x-doorward-for"];
  if (header === undefined || found === undefined) return found;
  const behalf = found.via === "token" && typeof header === "string" ? readBehalf(header) : undefined;
  if (behalf) return onBehalf(found, behalf);
  // Never passed over: who asked for less than the token may do would be given all of it.
  const detail = "x-doorward-for goes with a bearer token and is JSON, percent-encoded: id, name, grants.";
  throw new Problem(400, { code: "invalid", detail });
}

function findCredential(
  request: FastifyRequest,
  { identity, reception }: Pick<Hub, "identity" | "reception">,
): Principal | undefined {
  const station = stationIn(request);
  if (station !== undefined) {
    const token = stationToken(request, station);
    return token === undefined ? undefined : reception.principalOf({ id: station, token });
  }
  const header = request.headers.authorization;
  if (header !== undefined) {
    const [, bearer] = /^Bearer +([\w-]{1,128})$/i.exec(header) ?? [];
    const secret = request.routeOptions.config?.doorward?.basicToken ? tokenOf(header) : bearer;
    const found = secret === undefined ? undefined : identity.credentials.find(secret);
    return found?.via === "token" ? found : undefined;
  }
  if (request.byIngress) return undefined;
  const cookie = request.cookies[cookieName(request)];
  const found = cookie === undefined ? undefined : identity.credentials.find(cookie);
  return found?.via === "session" ? found : undefined;
}

/** Whose session is opened, and how. */
export interface NewSession {
  readonly identity: Identity;
  readonly userId: string;
  /** Of a wall tablet that is locked. */
  readonly panel?: boolean;
  /** False where it was not their own password that was right. */
  readonly proven?: boolean;
}

/** Opens a session for a person whose password was right, and gives the browser its cookies. Throws Problem 503 when it cannot be kept. */
export async function startSession(
  call: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  options: NewSession,
): Promise<void> {
  const { secret, id } = await keptSession(options, call.request);
  if (options.proven ?? true) options.identity.proofs.prove(id);
  call.reply.setCookie(cookieName(call.request), secret, {
    ...cookieOptions(call.request),
    maxAge: cookieMaxAgeSeconds,
  });
  knowBrowser(call, options);
}

async function keptSession(options: NewSession, request: FastifyRequest) {
  try {
    return await options.identity.credentials.openSession(options.userId, {
      panel: options.panel,
      address: request.ip,
      browser: request.headers["user-agent"],
    });
  } catch (cause) {
    if (!(cause instanceof StoreFault)) throw cause;
    const detail = `You cannot be signed in now. ${cause.what}; an administrator has to look after it.`;
    throw new Problem(503, { code: "store", detail, cause });
  }
}

/** Takes the browser's cookie away. */
export function dropCookie(call: { readonly request: FastifyRequest; readonly reply: FastifyReply }): void {
  call.reply.clearCookie(cookieName(call.request), cookieOptions(call.request));
}

function cookieOptions(request: FastifyRequest) {
  return { path: "/", httpOnly: true, sameSite: "strict", secure: isSecure(request) } as const;
}
