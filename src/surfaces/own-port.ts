import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { addressBlock } from "../util/address-block.ts";
import { listenAt } from "../util/listen.ts";
import { createServer } from "../util/node-http.ts";
import { isAllowedHost, parseHost } from "./allowed-hosts.ts";

/** A WebSocket that somebody opened. */
export interface NewSocket {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  readonly address: string;
  /** The token that it showed as `Authorization: Bearer`. */
  readonly token: string | undefined;
  /**
   * It is a stranger no more: its block of addresses may have another one in its place. `who` is the person or the device; who
   * has too many connections already loses this one.
   */
  readonly welcome: (who: string) => void;
}

/** Options of {@link listenOnOwnPort}. */
export interface OwnPortOptions {
  readonly host: string;
  readonly port: number;
  /** The section of the configuration that says so. */
  readonly what: string;
  /** Other sites whose pages may connect, e.g. `http://homeassistant.local:8123`. */
  readonly origins: readonly string[];
  /** The setting that names them, for refusals: `room.webOrigins`. */
  readonly originsSetting: string;
  /** True for a token that counts, or may count together with a name. */
  readonly knows: (token: string) => boolean;
  /** The WebSockets that there are, by path. */
  readonly sockets: Readonly<Record<string, (opened: NewSocket) => void>>;
  /** Most connections at once; 512 by default. */
  readonly maxSockets?: number;
  /** Anything but a WebSocket. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Listening; disposing ends every connection. */
export interface OwnPort extends AsyncDisposable {
  readonly port: number;
}

const maxMessageBytes = 64 * 1024;
const usualSockets = 512;
/** Strangers of one block of addresses. */
const maxOfBlock = 64;
const headersMs = 10_000;
const requestMs = 30_000;

/** HTTP and WebSockets of other people's clients, on a port of their own. Throws FatalError `listen`. */
export async function listenOnOwnPort(options: OwnPortOptions): Promise<OwnPort> {
  const { host, port, what, answer, maxSockets = usualSockets } = options;
  const server = createServer({ maxHeaderSize: 16 * 1024, connectionsCheckingInterval: headersMs / 10 });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false });
  server.headersTimeout = headersMs;
  server.requestTimeout = requestMs;
  server.keepAliveTimeout = headersMs;
  server.maxConnections = maxSockets;
  const blocks = new Map<string, number>();
  const open = new Map<Socket, () => void>();
  server.on("connection", (socket) => {
    const leave = enter(blocks, socket);
    if (!leave) return socket.destroy();
    open.set(socket, leave);
    socket.once("close", () => open.delete(socket));
  });
  server.on("request", (request, response) => {
    const wrong = crossSite(request, options);
    if (wrong) return refuseRequest(response, wrong);
    if (!isPreflight(request, response, options)) answer(request, response);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => {}); // "close" follows
    const wrong = crossSite(request, options) ?? notOurs(request, options);
    if (wrong) return refuseUpgrade(socket, wrong);
    const address = request.socket.remoteAddress ?? "";
    const welcome = open.get(request.socket) ?? (() => {});
    sockets.handleUpgrade(request, socket, head, (ws) =>
      options.sockets[pathOf(request)]?.({ socket: ws, request, address, token: bearerOf(request), welcome }),
    );
  });
  server.on("clientError", (_error, socket) => refuseUpgrade(socket, { status: 400, error: "not understood" }));
  await listenAt(server, { host, port, what });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of open.keys()) socket.destroy();
      }),
  };
}

interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 421;
  readonly error: string;
}

const reasons: Readonly<Record<Refusal["status"], string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  421: "Misdirected Request",
};

/** A name of ours, and a page of ours or of a site that the configuration names. */
function crossSite(
  { headers }: IncomingMessage,
  { origins, originsSetting }: Pick<OwnPortOptions, "origins" | "originsSetting">,
): Refusal | undefined {
  const host = parseHost(headers.host);
  const named = origins.map((origin) => new URL(origin).hostname);
  if (!host || !(isAllowedHost(host.name, {}) || named.includes(host.name.toLowerCase()))) {
    return {
      status: 421,
      error: `The hub does not answer to this name; name the page's address in ${originsSetting}.`,
    };
  }
  const { origin } = headers;
  if (origin === undefined || origins.includes(origin) || origin === `http://${headers.host}`) return undefined;
  return { status: 403, error: `Pages of ${origin} may not connect; ${originsSetting} says which may.` };
}

/** Marks the answer as one that a page of a named site may read; answers what its browser asks before (Fetch standard, CORS). */
function isPreflight(
  { headers, method }: IncomingMessage,
  response: ServerResponse,
  { origins }: Pick<OwnPortOptions, "origins">,
): boolean {
  if (headers.origin === undefined || !origins.includes(headers.origin)) return false;
  response.setHeader("access-control-allow-origin", headers.origin);
  response.setHeader("vary", "origin");
  if (method !== "OPTIONS") return false;
  response.setHeader("access-control-allow-methods", "GET, POST, PATCH, DELETE");
  response.setHeader("access-control-allow-headers", "authorization, content-type");
  response.setHeader("access-control-max-age", "600");
  response.writeHead(204).end();
  return true;
}

function notOurs(request: IncomingMessage, { knows, sockets }: OwnPortOptions): Refusal | undefined {
  if (!Object.hasOwn(sockets, pathOf(request))) {
    return { status: 404, error: `There is only ${Object.keys(sockets).join(" and ")}.` };
  }
  const token = bearerOf(request);
  return token === undefined || knows(token) ? undefined : { status: 401, error: "The token does not count." };
}

/** The path of a request, without what follows `?`. */
export function pathOf({ url = "" }: IncomingMessage): string {
  return url.split("?")[0] ?? "";
}

/** The address that a request asked for, as an URL of no matter which host; `/` for one that is none. */
export function urlOf({ url = "/" }: IncomingMessage): URL {
  return URL.parse(url, "http://hub") ?? new URL("http://hub/");
}

/** Answers with JSON, unless it was answered or nobody waits any more. */
export function answerJson(
  response: ServerResponse,
  answer: { readonly status: number; readonly body: unknown },
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(answer.status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(answer.status === 413 && { connection: "close" }),
  });
  response.end(JSON.stringify(answer.body));
}

/** What a request shows as `Authorization: Bearer`. */
export function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,128})$/i.exec(headers.authorization ?? "")?.[1];
}

/** Counts a stranger, until it leaves or is welcome; undefined where its block of addresses has too many. */
function enter(blocks: Map<string, number>, socket: Socket): (() => void) | undefined {
  const block = addressBlock(socket.remoteAddress ?? "");
  const count = (blocks.get(block) ?? 0) + 1;
  if (count > maxOfBlock) return undefined;
  blocks.set(block, count);
  let counted = true;
  const leave = () => {
    if (!counted) return;
    counted = false;
    const left = (blocks.get(block) ?? 1) - 1;
    if (left > 0) blocks.set(block, left);
    else blocks.delete(block);
  };
  socket.once("close", leave);
  return leave;
}

function refuseRequest(response: ServerResponse, { status, error }: Refusal): void {
  response.writeHead(status, { "content-type": "application/json", connection: "close" });
  response.end(JSON.stringify({ error }));
}

function refuseUpgrade(socket: Duplex, { status, error }: Refusal): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify({ error });
  const head = `HTTP/1.1 ${status} ${reasons[status]}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`;
  socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
}
