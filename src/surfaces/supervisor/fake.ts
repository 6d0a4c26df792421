import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { createServer, request as httpRequest } from "../../util/node-http.ts";

/** A person as Home Assistant knows them. */
export interface FakePerson {
  readonly id: string;
  readonly userName: string;
  readonly displayName: string;
}

/** Options of {@link startFakeSupervisor}. */
export interface FakeSupervisorOptions {
  /** What apps have to show. */
  readonly token: string;
  /** Where it asks apps from: the address that they believe. */
  readonly address: string;
  /** Who looks, by the cookie `ingress_session` of the browser. */
  readonly people: Readonly<Record<string, FakePerson>>;
}

/** A Supervisor as far as an app meets it. */
export interface FakeSupervisor extends AsyncDisposable {
  /** Shows the app's page in a frame, as Home Assistant does. */
  readonly url: string;
  /** Path under which an app's page is shown, with a slash at its end. */
  readonly ingressPath: string;
  /** What it was told by `/discovery`. */
  readonly discovered: readonly unknown[];
  /** Paths that were asked for and that are no app's. */
  readonly strayed: readonly string[];
  /** Shows the app at this port from now on. */
  show(port: number): void;
  /** Answers `/discovery` with this status for the next `times`. */
  refuse(status: number, times: number): void;
}

/** What the Supervisor leaves out of what browsers and Home Assistant send it (supervisor/api/ingress.py). */
const leftOut = new Set(["content-length", "content-encoding", "transfer-encoding", "connection", "upgrade"]);
const personal = ["x-remote-user-id", "x-remote-user-name", "x-remote-user-display-name"];

/**
 * Home Assistant's Supervisor, scripted: `POST /discovery` with the app's token, and ingress under `/api/hassio_ingress/<token>/`, HTTP and
 * WebSocket, with the headers and from the address that the real one has. Any free port of 127.0.0.1.
 */
export async function startFakeSupervisor(options: FakeSupervisorOptions): Promise<FakeSupervisor> {
  const ingressPath = "/api/hassio_ingress/dw-0123456789abcdef/";
  const discovered: unknown[] = [];
  const strayed: string[] = [];
  let appPort = 0;
  let refusals = { status: 0, times: 0 };
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    if (path.startsWith(ingressPath)) {
      const asked = proxied(request, { ...options, ingressPath, appPort });
      asked.on("response", (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      asked.on("error", () => response.writeHead(502).end());
      request.pipe(asked);
    } else if (path === "/discovery" && request.method === "POST") {
      if (request.headers.authorization !== `Bearer ${options.token}`) return void response.writeHead(401).end();
      if (refusals.times-- > 0) return void response.writeHead(refusals.status).end('{"result":"error"}');
      readJson(request).then(
        (told) => {
          discovered.push(told);
          response.end('{"result":"ok","data":{"uuid":"1"}}');
        },
        () => response.writeHead(400).end(),
      );
    } else if (path === "/") {
      const frame = `<iframe src="${ingressPath}" style="width:100%;height:95vh;border:0"></iframe>`;
      response.setHeader("content-type", "text/html").end(`<!doctype html><title>Home Assistant</title>${frame}`);
    } else {
      strayed.push(path);
      response.writeHead(404).end();
    }
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    if (!request.url?.startsWith(ingressPath)) return void socket.destroy();
    upgrade(proxied(request, { ...options, ingressPath, appPort }), socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    ...{ ingressPath, discovered, strayed },
    show: (shown) => {
      appPort = shown;
    },
    refuse: (status, times) => {
      refusals = { status, times };
    },
    [Symbol.asyncDispose]: () => end(server),
  };
}

interface Proxied extends FakeSupervisorOptions {
  readonly ingressPath: string;
  readonly appPort: number;
}

/** The same request as the app is asked it. */
function proxied(request: IncomingMessage, { ingressPath, appPort, address, people }: Proxied) {
  const path = `/${(request.url ?? "").slice(ingressPath.length)}`;
  const kept = Object.entries(request.headers).filter(([name]) => !leftOut.has(name) && !personal.includes(name));
  const [, session = ""] = /(?:^|; )ingress_session=([\w-]+)/.exec(request.headers.cookie ?? "") ?? [];
  const headers: IncomingHttpHeaders = {
    ...Object.fromEntries(kept),
    ...(request.headers.upgrade && { connection: "upgrade", upgrade: request.headers.upgrade }),
    ...("content-length" in request.headers && { "content-length": request.headers["content-length"] }),
    "x-ingress-path": ingressPath.slice(0, -1),
    "x-hass-source": "core.ingress",
    "x-forwarded-for": "127.0.0.1, 172.30.32.1",
    "x-forwarded-host": request.headers.host,
    "x-forwarded-proto": "http",
    ...headersOf(people[session]),
  };
  return httpRequest({
    host: "127.0.0.1",
    port: appPort,
    localAddress: address,
    method: request.method,
    path,
    headers,
  });
}

function headersOf(person: FakePerson | undefined) {
  if (!person) return {};
  const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");
  return {
    "x-remote-user-id": person.id,
    "x-remote-user-name": bytes(person.userName),
    "x-remote-user-display-name": bytes(person.displayName),
  };
}

function upgrade(asked: ReturnType<typeof httpRequest>, socket: Duplex): void {
  socket.on("error", () => asked.destroy());
  asked.on("error", () => socket.destroy());
  asked.on("response", ({ statusCode }) => socket.end(`HTTP/1.1 ${statusCode} Refused\r\n\r\n`));
  asked.on("upgrade", (answer, app, first) => {
    const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`);
    socket.write(first);
    app.on("error", () => socket.destroy());
    app.on("close", () => socket.destroy());
    socket.on("close", () => app.destroy());
    app.pipe(socket).pipe(app);
  });
  asked.end();
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return JSON.parse(text);
}

async function end(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
