import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { HubDevice } from "../../hub/api.ts";
import { mayUse } from "../../hub/reach.ts";
import { addressBlock } from "../../util/address-block.ts";
import { addressed } from "../addressed.ts";
import type { Asker } from "../admission.ts";
import { notFound, Problem } from "../problem.ts";
import type { Call, Route } from "../route.ts";
import { channelsOf, spokenTo } from "../spoken-to.ts";
import type { HttpContext } from "./context.ts";

/** Puts a declared route on the server: checks what came, asks the policy, calls the route. */
export function serveRoute(app: FastifyInstance, how: { readonly route: Route; readonly context: HttpContext }): void {
  const { route, context } = how;
  app.route({
    method: route.method,
    url: route.path,
    config: {
      doorward: route,
      ...(route.perMinute !== undefined && { rateLimit: { max: route.perMinute, timeWindow: 60_000 } }),
    },
    handler: async (request, reply) => {
      const call = check(request, { reply, route, context });
      using _place = route.share && context.shares[route.share].enter(call.asker);
      const answer = await route.handle(call);
      if (reply.sent) return reply;
      if (reply.statusCode === 200) reply.code(successOf(route));
      return reply.send(answer);
    },
  });
}

/** Who a request is to the shares of the hub. */
export function askerOf(request: FastifyRequest, device?: Pick<HubDevice, "id">): Asker {
  return { person: request.principal?.userId, device: device?.id, block: addressBlock(request.ip) };
}

/** The status that a route answers with unless it says another. */
export function successOf(route: Route): number {
  return Math.min(...Object.keys(route.answers).map(Number));
}

function check(
  request: FastifyRequest,
  how: { readonly reply: FastifyReply; readonly route: Route; readonly context: HttpContext },
): Call {
  const { route, reply } = how;
  requireSignIn(request, how);
  const device = requireRight(request, how);
  requirePassword(request, how);
  const params = (route.params ?? z.unknown()).parse(request.params);
  const query = (route.query ?? z.unknown()).parse(request.query);
  const body = parseBody(request, route);
  return {
    params,
    query,
    body,
    // Present as the route's right and subject say; see Call.
    principal: request.principal as Call["principal"],
    device: device as HubDevice,
    request,
    reply,
    asker: askerOf(request, device),
    get signal() {
      return hangUp(reply);
    },
  };
}

function requireSignIn(request: FastifyRequest, how: { readonly route: Route; readonly context: HttpContext }): void {
  const { right, proof } = how.route;
  if (right === "none" || right === "code") return;
  if (!request.principal) throw new Problem(401, { code: "signed-out", detail: "Sign in first." });
  if (proof && request.principal.via !== "session") {
    throw new Problem(403, { code: "forbidden", detail: "A token cannot do this; sign in at the page." });
  }
  if (request.principal.panel && (proof || isAboutThePerson(how.route))) {
    throw new Problem(403, { code: "panel-locked", detail: "This screen is locked: it is a wall tablet's." });
  }
}

/** Writes that ask for no right change what is the caller's own, which a locked screen may not, unless the route says so. */
function isAboutThePerson({ right, method, panel }: Route): boolean {
  return right === "signed-in" && method !== "GET" && !panel;
}

/** Asked last: who may not do it at all is not asked for a password. */
function requirePassword(request: FastifyRequest, how: { readonly route: Route; readonly context: HttpContext }): void {
  if (how.route.proof !== "password") return;
  if (request.principal && how.context.hub.identity.proofs.has(request.principal)) return;
  throw new Problem(403, { code: "password-needed", detail: "Give your password again to do this." });
}

/** Loads what the right is asked about and asks. An unknown device and a forbidden one answer alike. */
function requireRight(
  request: FastifyRequest,
  how: { readonly route: Route; readonly context: HttpContext },
): HubDevice | undefined {
  const { right, subject = "hub" } = how.route;
  if (right === "none" || right === "code" || right === "signed-in") return undefined;
  const { policy } = how.context.hub.identity;
  if (subject === "hub") {
    if (policy.allows(request.principal, right)) return undefined;
    throw new Problem(403, { code: "forbidden", detail: "You may not do this." });
  }
  if (subject === "channels") {
    requireChannels(request, how);
    return undefined;
  }
  const id = subject === "path" ? fieldOf(request.params, "id") : fieldOf(request.body, "device");
  const device = id === undefined ? undefined : how.context.hub.devices.get(id);
  if (!device || !mayUse(policy, { principal: request.principal, right, device })) throw new Problem(404, notFound);
  return device;
}

/** A body or query that names no channel properly is refused when it is parsed, with what is wrong about it. */
function requireChannels(request: FastifyRequest, { context }: { readonly context: HttpContext }): void {
  const { principal, body, query } = request;
  const written = spokenTo.ofUnchecked(body) ?? spokenTo.ofUnchecked(query);
  if (!written || !principal) return;
  const to = channelsOf(written, context.hub);
  if (!to || !addressed(context.hub, { principal, to, priority: 0 })) throw new Problem(404, notFound);
}

function fieldOf(value: unknown, field: string): string | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, field)) return undefined;
  const found = (value as Record<string, unknown>)[field];
  return typeof found === "string" ? found : undefined;
}

function parseBody(request: FastifyRequest, route: Route): unknown {
  if (!route.body) return undefined;
  const wanted = route.bodyType ?? "application/json";
  const [given] = (request.headers["content-type"] ?? "").split(";");
  if (given?.trim().toLowerCase() !== wanted) {
    throw new Problem(415, { code: "media-type", detail: `The body has to be ${wanted}.` });
  }
  return route.body.parse(request.body === undefined ? (wanted === "application/json" ? {} : "") : request.body);
}

function hangUp(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  const { raw } = reply;
  if (raw.destroyed) controller.abort();
  raw.once("close", () => raw.writableFinished || controller.abort());
  return controller.signal;
}
