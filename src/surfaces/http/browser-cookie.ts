import { randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Identity } from "../../identity/identity.ts";
import { isSecure } from "../secure.ts";

/** The cookie that says: from this browser that person signed in before. It stays when they sign out. */
const names = { secure: "__Host-doorward-browser", plain: "doorward-browser" } as const;
const purpose = "browser-cookie";
const lifeSeconds = 365 * 24 * 60 * 60;

const contents = z.strictObject({ userId: z.string(), id: z.string() });

/** A call, as far as cookies go. */
interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Gives the browser its cookie after a right password. It is sealed, so that only the hub makes one. */
export function knowBrowser(
  { request, reply }: Exchange,
  options: { readonly identity: Identity; readonly userId: string },
): void {
  const { identity, userId } = options;
  const id = knownBrowser(request, options) ?? randomBytes(9).toString("base64url");
  reply.setCookie(nameFor(request), identity.sealer.seal(JSON.stringify({ userId, id }), { purpose }), {
    path: "/",
    httpOnly: true,
    sameSite: "strict",
    secure: isSecure(request),
    maxAge: lifeSeconds,
  });
}

/** Id of the browser, when this person signed in from it before. */
export function knownBrowser(
  request: FastifyRequest,
  options: { readonly identity: Identity; readonly userId: string | undefined },
): string | undefined {
  const sealed = request.cookies[nameFor(request)];
  if (sealed === undefined || sealed.length > 512) return undefined;
  try {
    const { userId, id } = contents.parse(JSON.parse(options.identity.sealer.open(sealed, { purpose })));
    return userId === options.userId ? id : undefined;
  } catch {
    // From another hub, from an older key, or made up: as good as none.
    return undefined;
  }
}

function nameFor(request: FastifyRequest): string {
  return isSecure(request) ? names.secure : names.plain;
}
