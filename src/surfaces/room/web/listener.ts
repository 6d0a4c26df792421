import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { addressBlock } from "../../../util/address-block.ts";
import { FatalError } from "../../../util/errors.ts";
import { createServer } from "../../../util/node-http.ts";
import { isAllowedHost, parseHost } from "../../allowed-hosts.ts";
import type { Connected } from "./clients.ts";

/** Options of {@link listen}. */
export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Other sites whose pages may connect, e.g. `http://homeassistant.local:8123`. */
  readonly origins: readonly string[];
  /** True for a token that counts, or may count together with a name. */
  readonly knows: (token: string) => boolean;
  readonly connected: (connection: Connected) => void;
  /** Anything but the WebSocket. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Listening; disposing ends every connection. */
export interface Listener extends AsyncDisposable {
  readonly port: number;
}

const maxMessageBytes = 64 * 1024;
const maxSockets = 512;
const maxOfBlock = 64;
const headersMs = 10_000;
const requestMs = 30_000;

/** HTTP and, at `/ws`, WebSockets, on a port of their own. Throws FatalError `listen`. */
export async function listen(options: ListenerOptions): Promise<Listener> {
  const { host, port, origins, answer, connected } = options;
  const server = createServer({ maxHeaderSize: 16 * 1024, connectionsCheckingInterval: headersMs / 10 });
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false });
  server.headersTimeout = headersMs;
  server.requestTimeout = requestMs;
  server.keepAliveTimeout = headersMs;
  server.maxConnections = maxSockets;
  const blocks = new Map<string, number>();
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    if (!enter(blocks, socket)) return socket.destroy();
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.on("request", (request, response) => {
    const wrong = crossSite(request, origins);
    if (wrong) return refuseRequest(response, wrong);
    answer(request, response);
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => {}); // "close" follows
    const wrong = crossSite(request, origins) ?? notOurs(request, options);
    if (wrong) return refuseUpgrade(socket, wrong);
    const address = request.socket.remoteAddress ?? "";
    sockets.handleUpgrade(request, socket, head, (ws) =>
      connected({ socket: ws, address, token: bearerOf(request), plain: isPlain(request) }),
    );
  });
  server.on("clientError", (_error, socket) => refuseUpgrade(socket, { status: 400, error: "not understood" }));
  await bind(server, { host, port });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        for (const socket of open) socket.destroy();
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

/** A name of ours, and a page of ours or of a site that the configuration names (SECURITY.md, 5). */
function crossSite({ headers }: IncomingMessage, origins: readonly string[]): Refusal | undefined {
  const host = parseHost(headers.host);
  const named = origins.map((origin) => new URL(origin).hostname);
  if (!host || !(isAllowedHost(host.name, {}) || named.includes(host.name.toLowerCase()))) {
    return { status: 421, error: "The hub does not answer to this name; name the page's address in room.webOrigins." };
  }
  const { origin } = headers;
  if (origin === undefined || origins.includes(origin) || origin === `http://${headers.host}`) return undefined;
  return { status: 403, error: `Pages of ${origin} may not connect; room.webOrigins says which may.` };
}

function notOurs(request: IncomingMessage, { knows }: ListenerOptions): Refusal | undefined {
  const path = (request.url ?? "").split("?")[0];
  if (path !== "/ws") return { status: 404, error: "There is only /ws." };
  const token = bearerOf(request);
  return token === undefined || knows(token) ? undefined : { status: 401, error: "The token does not count." };
}

/** The original's dashboard card takes no byte of priority: its address says so, `/ws?plain`. */
function isPlain({ url = "" }: IncomingMessage): boolean {
  return new URL(url, "http://hub").searchParams.has("plain");
}

/** What a request shows as `Authorization: Bearer`. */
export function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,128})$/i.exec(headers.authorization ?? "")?.[1];
}

function enter(blocks: Map<string, number>, socket: Socket): boolean {
  const block = addressBlock(socket.remoteAddress ?? "");
  const count = (blocks.get(block) ?? 0) + 1;
  if (count > maxOfBlock) return false;
  blocks.set(block, count);
  socket.once("close", () => {
    const left = (blocks.get(block) ?? 1) - 1;
    if (left > 0) blocks.set(block, left);
    else blocks.delete(block);
  });
  return true;
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

function bind(
  server: ReturnType<typeof createServer>,
  at: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "the port is taken by another program" : cause.message;
      reject(new FatalError(`cannot listen on ${at.host}:${at.port}: ${why}`, { code: "listen", cause }));
    };
    server.once("error", fail);
    server.listen(at, () => {
      server.off("error", fail);
      resolve();
    });
  });
}
