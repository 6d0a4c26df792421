import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type Grant, grantSchema, type Principal, type Subject } from "../../identity/policy.ts";
import { parseHost } from "../allowed-hosts.ts";
import { isSecure } from "../secure.ts";
import type { HttpContext } from "./context.ts";

/** What the page asks first. */
export const sessionSchema = z.object({
  setupNeeded: z.boolean(),
  user: z
    .object({ id: z.string(), name: z.string(), administrator: z.boolean(), grants: z.array(grantSchema) })
    .optional(),
  secure: z.boolean(),
  httpsUrl: z.string().optional(),
  caUrl: z.string().optional(),
  version: z.string(),
  askedFor: z
    .string()
    .optional()
    .describe("Of whom a program says that it asks for them: their id, as it was understood."),
  hubId: z.string().optional().describe("What tells this hub from every other one; to whoever is signed in."),
  demo: z.boolean(),
  ingress: z
    .literal(true)
    .optional()
    .describe("Home Assistant's ingress says who this is; no session can be had here."),
  panel: z.literal(true).optional().describe("This browser is locked to the panel."),
});

/** {@link sessionSchema} */
export type SessionInfo = z.infer<typeof sessionSchema>;

/** The session as the page sees it; `userId` is who has just signed in, if not the request's own principal. */
export function sessionInfo(
  request: FastifyRequest,
  context: HttpContext,
  userId = request.principal?.userId,
): SessionInfo {
  const { users } = context.hub.identity;
  const user = userId === undefined ? undefined : users.get(userId);
  const behalf = request.principal?.behalf;
  return {
    setupNeeded: !users.hasAdministrator,
    ...(user && {
      user: {
        id: user.id,
        name: behalf ? (request.principal?.name ?? user.name) : user.name,
        administrator: user.administrator && !request.principal?.panel && !behalf,
        grants: behalf && request.principal ? narrowed(request.principal, user, context) : [...user.grants],
      },
    }),
    secure: isSecure(request),
    ...addresses(request, context),
    ...(behalf && { askedFor: behalf.id }),
    ...(user && { hubId: context.hub.identity.installation }),
    version: context.version,
    demo: context.demo,
    ...(request.byIngress && { ingress: true as const }),
    ...(request.principal?.panel && { panel: true as const }),
  };
}

/** What a program may do for whom it asks, in every place that some list of grants names. */
function narrowed(principal: Principal, owner: { readonly grants: readonly Grant[] }, context: HttpContext): Grant[] {
  const { devices, identity } = context.hub;
  const lists = [owner.grants, principal.limits ?? [], principal.behalf?.grants ?? []];
  const scopes = new Set(["*", ...lists.flat().map(({ scope }) => scope)]);
  const subjectOf = (scope: string): Subject | undefined => {
    if (scope === "*") return undefined;
    const [kind, name = ""] = scope.split(/:(.*)/s);
    return kind === "area" ? { id: "", area: name } : { id: name, area: devices.get(name)?.area };
  };
  return [...scopes]
    .map((scope) => ({ scope, rights: [...identity.policy.rights(principal, subjectOf(scope))] }))
    .filter(({ rights }) => rights.length > 0);
}

function addresses(request: FastifyRequest, context: HttpContext): { httpsUrl?: string; caUrl?: string } {
  const port = context.httpsPort();
  const host = context.config.publicName ?? parseHost(request.host)?.name;
  if (port === undefined || host === undefined) return {};
  return {
    httpsUrl: `https://${host}${port === 443 ? "" : `:${port}`}/`,
    ...(context.rootCertificate() !== undefined && { caUrl: "/ca.crt" }),
  };
}
