import { Socket } from "node:net";
import cookie from "@fastify/cookie";
import rateLimit from "@fastify/rate-limit";
import websocket from "@fastify/websocket";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Principal } from "../../identity/policy.ts";
import { addressBlock } from "../../util/address-block.ts";
import { isAbort, messageOf } from "../../util/errors.ts";
import { notFound, Problem, retryAfterOf, tooManyTries, toProblem } from "../problem.ts";
import type { Route } from "../route.ts";
import type { CrossOrigin } from "../surface.ts";
import { apiRoutes } from "./api-routes.ts";
import type { HttpContext } from "./context.ts";
import { isAllowedOrigin, refuseCrossSite } from "./cross-site.ts";
import { HttpCounters } from "./http-counters.ts";
import { Ingress } from "./ingress.ts";
import { methodsOf } from "./methods.ts";
import { servePageFiles } from "./page-files.ts";
import { writeSecurityHeaders } from "./security-headers.ts";
import { serveRoute } from "./serve-route.ts";
import { serveSocket } from "./serve-socket.ts";
import { findPrincipal } from "./sign-in.ts";
import type { SocketGuard } from "./sockets.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The declaration behind a route of the API. */
    doorward?: Route;
    /** Served before the first administrator exists, although no declared route: the page and its files. */
    beforeSetup?: true;
  }
  interface FastifyRequest {
    principal: Principal | undefined;
    /** Home Assistant's ingress brought it, and says who it is: no session's cookie counts, and none is given. */
    byIngress: boolean;
  }
}

/** 64 KiB: bodies and WebSocket messages. */
export const maxMessageBytes = 64 * 1024;

/** The HTTP application, which listens nowhere yet. */
export interface HttpApp {
  readonly fastify: FastifyInstance;
  /** All declared routes, with their rights. */
  readonly routes: readonly Route[];
  /** Method and path of everything that the server answers to, declared or not. */
  readonly served: readonly string[];
  readonly sockets: SocketGuard;
}

/** Makes the application. Its maker closes `fastify`. */
export async function createApp(context: HttpContext & { readonly sockets: SocketGuard }): Promise<HttpApp> {
  const { sockets } = context;
  const counters = new HttpCounters();
  const { config } = context;
  const ingress = config.ingress && new Ingress(config.ingress, context.hub.identity);
  const proxies = [...config.trustedProxies, ...(config.ingress ? [config.ingress.supervisor] : [])];
  const app = fastify({
    bodyLimit: maxMessageBytes,
    trustProxy: proxies.length > 0 ? proxies : false,
    forceCloseConnections: true,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    routerOptions: { maxParamLength: 128, ignoreTrailingSlash: false },
    frameworkErrors: (error, _request, reply) => sendProblem(reply, error),
    clientErrorHandler: (error, socket) => refuseMalformed(error, socket),
  });
  const served: string[] = [];
  app.addHook("onRoute", ({ method, url }) => {
    for (const each of [method].flat()) served.push(`${each} ${url}`);
  });
  app.decorateRequest("principal", undefined);
  app.decorateRequest("byIngress", false);
  parseBodies(app);
  app.setErrorHandler((error, request, reply) => fail(error, { request, reply, context }));
  app.setNotFoundHandler(() => {
    throw new Problem(404, notFound);
  });
  app.addHook("onRequest", async (request, reply) => {
    const framed = ingress?.brought(request) ?? false;
    request.byIngress = framed;
    writeSecurityHeaders(request, { reply, config, framed });
    refuseCrossSite(request, { ...config, crossOrigin: crossOriginOf(context), anyHost: framed });
  });
  await app.register(cookie);
  await app.register(rateLimit, {
    global: false,
    keyGenerator: ({ ip }) => addressBlock(ip),
    errorResponseBuilder: tooMany,
  });
  await app.register(websocket, {
    options: { maxPayload: maxMessageBytes, perMessageDeflate: false },
    errorHandler: (error, socket) => {
      context.hub.log.debug({ err: error }, `page socket failed: ${messageOf(error)}`);
      socket.terminate();
    },
  });
  if (ingress) serveIngress(app, ingress);
  app.addHook("onRequest", async (request, reply) => admit(request, { reply, context, sockets, ingress }));
  app.addHook("onRequest", async (request, reply) => refuseMethod(request, { reply, routes: () => routes }));
  app.addHook("onResponse", async (request, reply) => counters.count(request, reply));
  const routes: readonly Route[] = [
    ...apiRoutes(context, { counters, all: () => routes }),
    ...context.others.flatMap((other) => other.routes ?? []),
  ];
  for (const route of routes) serveRoute(app, { route, context });
  serveCrossOrigin(app, context);
  for (const socket of context.others.flatMap(({ sockets }) => sockets ?? [])) {
    serveSocket(app, { socket, context, sockets });
  }
  await servePageFiles(app, { pageDir: context.pageDir, prefixOf: (request) => ingress?.prefixOf(request) ?? "" });
  return { fastify: app, routes, served, sockets };
}

/** Routes declare their schemas to us (`serve-route.ts`): Fastify's own compilers, a quarter of its code, are not loaded. */
function noSchemas(): never {
  throw new Error("Fastify was given a schema: declare it in the route (surfaces/route.ts)");
}

/** Who comes by Home Assistant is signed in, and is told where things are as it is seen from there. */
function serveIngress(app: FastifyInstance, ingress: Ingress): void {
  app.addHook("onRequest", async (request) => ingress.signIn(request));
  app.addHook("onSend", async (request, reply, payload) => {
    const location = reply.getHeader("location");
    const prefix = ingress.prefixOf(request);
    if (prefix && typeof location === "string" && location.startsWith("/")) reply.header("location", prefix + location);
    return payload;
  });
}

/** Before set-up only what set-up needs; then: who is it, and was a write made by our page. */
function admit(
  request: FastifyRequest,
  how: {
    readonly reply: FastifyReply;
    readonly context: HttpContext;
    readonly sockets: SocketGuard;
    readonly ingress: Ingress | undefined;
  },
): void {
  const { identity } = how.context.hub;
  const { doorward: route, beforeSetup } = request.routeOptions.config ?? {};
  if (!route?.beforeSetup && !beforeSetup && !identity.users.hasAdministrator) {
    throw new Problem(403, { code: "setup-needed", detail: "The hub is not set up yet." });
  }
  request.principal = findPrincipal(request, how.context.hub) ?? how.ingress?.principalOf(request);
  // Another site that may call us does so with a token of its own, never on our cookie.
  if (request.principal?.via === "session" && isAllowedOrigin(request, crossOriginOf(how.context)))
    request.principal = undefined;
  refuseOwnSession(request);
  welcome(request, how);
  if (["GET", "HEAD", "OPTIONS"].includes(request.method)) return;
  if (route?.unreadBody) leaveBody(request);
  if (route?.ownCredential) return;
  if (route?.bearerWrites && request.principal?.via === "token") return;
  if (request.headers["x-doorward"] === "1") return;
  if (route?.bearerWrites && !request.principal) refuseStranger(request, how.reply);
  throw new Problem(403, { code: "not-our-page", detail: "Writes need the header x-doorward: 1." });
}

/** A browser that Home Assistant signs in gets no session of its own: it would outlast whoever is signed in there. */
function refuseOwnSession({ byIngress, routeOptions }: FastifyRequest): void {
  if (!byIngress || !routeOptions.config?.doorward?.givesSession) return;
  const detail = "Home Assistant says here who you are. Open the hub at its own address to do this.";
  throw new Problem(409, { code: "by-ingress", detail });
}

/** An address of the API that does not take this method says which it takes; the page's files would not have it either. */
function refuseMethod(
  { method, url, routeOptions }: FastifyRequest,
  { reply, routes }: { readonly reply: FastifyReply; readonly routes: () => readonly Route[] },
): void {
  if (method === "OPTIONS" || routeOptions.config?.doorward) return;
  const allowed = methodsOf(url, routes());
  if (allowed.length === 0 || allowed.includes(method)) return;
  reply.header("allow", allowed.join(", "));
  throw new Problem(405, { code: "method", detail: `This address takes ${allowed.join(", ")}, and not ${method}.` });
}

/** A program that showed no token that counts. Browsers are not made to ask for a password: a page shows its own form. */
function refuseStranger({ headers, routeOptions }: FastifyRequest, reply: FastifyReply): never {
  const basic = routeOptions.config?.doorward?.basicToken && headers.origin === undefined;
  reply.header("www-authenticate", basic ? ['Bearer realm="Doorward"', 'Basic realm="Doorward"'] : "Bearer");
  throw new Problem(401, { code: "signed-out", detail: "Show a token of this hub that counts." });
}

/** The socket is somebody's now, unless they have too many. */
function welcome(request: FastifyRequest, how: { readonly reply: FastifyReply; readonly sockets: SocketGuard }): void {
  const { socket } = request.raw;
  if (!request.principal || !(socket instanceof Socket)) return;
  if (how.sockets.welcome(socket, request.principal.userId)) return;
  how.reply.header("connection", "close");
  throw new Problem(429, { code: "busy", detail: "You have too many connections open; close some pages." });
}

/** Whatever is sent along, and of whatever kind, is let go of when the answer is sent. */
function leaveBody({ raw }: FastifyRequest): void {
  for (const name of ["content-type", "content-length", "transfer-encoding"]) delete raw.headers[name];
}

function parseBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const text = { parseAs: "string", bodyLimit: maxMessageBytes } as const;
  const json = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", text, (request, body: string, done) => {
    if (body.length === 0) done(null, undefined);
    else void json(request, body, done); // answers by `done`; its type allows a promise
  });
  app.addContentTypeParser(["application/sdp", "application/trickle-ice-sdpfrag"], text, (_request, body, done) => {
    done(null, body);
  });
  // Read by the route, which knows how much of it to take and from whom.
  app.addContentTypeParser("application/octet-stream", (_request, payload, done) => done(null, payload));
}

function fail(
  error: unknown,
  how: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly context: HttpContext },
): FastifyReply {
  const problem = toProblem(error);
  // Whoever hangs up while something is done for them has no fault to report.
  const left = isAbort(error) && how.reply.raw.destroyed;
  if (problem.status >= 500 && problem.status !== 503 && !left) {
    const { method, routeOptions } = how.request;
    how.context.hub.log.error({ err: error, method, route: routeOptions.url }, `request failed: ${messageOf(error)}`);
  }
  return sendProblem(how.reply, error);
}

/** Sends the answer for anything that was thrown. */
function sendProblem(reply: FastifyReply, error: unknown): FastifyReply {
  const problem = toProblem(error);
  if (problem.status === 401 && !reply.hasHeader("www-authenticate")) reply.header("www-authenticate", "Bearer");
  if (problem.status === 429 || problem.status === 503) reply.header("retry-after", String(retryAfterOf(error) ?? 2));
  return reply.code(problem.status).type("application/problem+json").send(JSON.stringify(problem));
}

function tooMany(_request: FastifyRequest, limit: { readonly ttl: number }): Problem {
  return tooManyTries(Math.ceil(limit.ttl / 1000));
}

/** Bytes that are no HTTP: one answer, then the socket ends. */
function refuseMalformed(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = error.code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
}

/** What each surface's configuration lets other sites call. */
function crossOriginOf(context: HttpContext): readonly CrossOrigin[] {
  return context.others.flatMap(({ crossOrigin }) => crossOrigin ?? []);
}

/** Answers preflights, and marks answers, of routes that other sites may call as configured (Fetch standard, CORS). */
function serveCrossOrigin(app: FastifyInstance, context: HttpContext): void {
  const allowed = crossOriginOf(context).filter(({ origins }) => origins.length > 0);
  if (allowed.length === 0) return;
  app.addHook("onSend", async (request, reply, payload) => {
    if (isAllowedOrigin(request, allowed)) {
      reply.header("access-control-allow-origin", request.headers.origin);
      reply.header("access-control-expose-headers", "location, link, etag, doorward-converted");
      reply.header("vary", "origin");
    }
    return payload;
  });
  for (const { prefix } of allowed) {
    app.options(`${prefix}*`, { config: {} }, async (request, reply) => {
      if (!isAllowedOrigin(request, allowed)) throw new Problem(404, notFound);
      reply.header("access-control-allow-methods", "POST, PATCH, DELETE");
      reply.header("access-control-allow-headers", "authorization, content-type, if-match");
      reply.header("access-control-max-age", "600");
      return reply.code(204).send();
    });
  }
}
