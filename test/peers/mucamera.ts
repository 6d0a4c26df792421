import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request as requestOf, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { extname, join } from "node:path";

// The original of the camera agents' protocol, from a checkout of github.com/MuMuShy/MuCamera.

/** The original's page, served as its `nginx.conf` does. Ended when disposed. */
export interface OriginalSite extends AsyncDisposable {
  /** Its origin: `http://127.0.0.1:8080`. */
  readonly origin: string;
}

/** Options of {@link serveOriginalSite}. */
export interface OriginalSiteOptions {
  readonly checkout: string;
  readonly host?: string;
  /** Any free one by default. */
  readonly port?: number;
  /** Where `/api/` and `/ws/` go, by the site's own origin, once somebody calls. */
  readonly backend: () => { readonly host: string; readonly port: number };
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "application/javascript",
  ".css": "text/css",
};
const handedOn = /^\/(api|ws|health)\b/;

/** Serves the files of `web/` unchanged, and hands `/api/`, `/ws/` and `/health` on. */
export async function serveOriginalSite(options: OriginalSiteOptions): Promise<OriginalSite> {
  const { host = "127.0.0.1", port = 0, checkout, backend } = options;
  const server = createServer((request, response) => {
    if (handedOn.test(request.url ?? "")) handOn(request, response, backend());
    else serveFile(join(checkout, "web"), request, response);
  });
  handOnSockets(server, backend);
  server.listen(port, host);
  await once(server, "listening");
  return {
    origin: `http://${host}:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serveFile(folder: string, { url }: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(url ?? "/", "http://site");
  const send = (name: string) =>
    readFile(join(folder, name)).then((bytes) => {
      response.setHeader("content-type", types[extname(name)] ?? "application/octet-stream");
      response.setHeader("cache-control", "no-cache, must-revalidate");
      response.end(bytes);
    });
  const gone = () => response.writeHead(404).end();
  send(pathname.slice(1) || "index.html").catch(() => send("index.html").catch(gone));
}

/** What `nginx.conf` sets; its `$host` has no port. */
function headersOf(request: IncomingMessage) {
  const { remoteAddress } = request.socket;
  const forwarded = { "x-real-ip": remoteAddress, "x-forwarded-for": remoteAddress, "x-forwarded-proto": "http" };
  return { ...request.headers, host: request.headers.host?.replace(/:\d+$/, ""), ...forwarded };
}

function handOn(request: IncomingMessage, response: ServerResponse, to: { host: string; port: number }): void {
  const { method, url } = request;
  const asked = requestOf({ ...to, method, path: url, headers: headersOf(request) }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  asked.on("error", () => response.writeHead(502).end());
  request.pipe(asked);
}

function handOnSockets(server: Server, backend: OriginalSiteOptions["backend"]): void {
  server.on("upgrade", (request, socket, head: Buffer) => {
    const { host, port } = backend();
    const to = connect(port, host, () => {
      const headers = Object.entries(headersOf(request)).map(([name, value]) => `${name}: ${value}\r\n`);
      to.write(`GET ${request.url} HTTP/1.1\r\n${headers.join("")}\r\n`);
      to.write(head);
      socket.pipe(to).pipe(socket);
    });
    to.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.on("error", () => to.destroy()).on("close", () => to.destroy());
  });
}

/** The original's agent with its test picture, by a Python that has `aiortc`, `aiohttp`, `websockets` and `numpy`. */
export function startOriginalAgent(options: {
  readonly checkout: string;
  readonly backend: string;
  readonly deviceId: string;
}): AsyncDisposable & { readonly said: () => string } {
  const script = join(options.checkout, "device-agent", "agent.py");
  const words = [script, "--backend", options.backend, "--device-id", options.deviceId];
  const python = process.env["MUCAMERA_PYTHON"] ?? "python3";
  const child = spawn(python, words, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  return {
    said: () => said,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}
