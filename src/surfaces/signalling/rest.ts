import type { IncomingMessage, ServerResponse } from "node:http";
import { ZodError } from "zod";
import type { Hub } from "../../hub/hub.ts";
import { background } from "../../util/background.ts";
import { DoorwardError, FatalError, messageOf } from "../../util/errors.ts";
import { answerJson, bearerOf } from "../own-port.ts";
import { Problem } from "../problem.ts";
import type { Accounts } from "./accounts.ts";
import type { DeviceDesk, RestCaller } from "./device-desk.ts";

/** Options of {@link Rest}. */
export interface RestOptions {
  readonly hub: Pick<Hub, "identity" | "clock" | "log">;
  readonly accounts: Accounts;
  readonly desk: DeviceDesk;
  readonly version: string;
  /** Whether tokens are taken from addresses too. */
  readonly tokenInQuery: boolean;
}

interface Asked {
  readonly url: URL;
  readonly body: unknown;
  readonly caller: RestCaller;
}

/** The last part of `/api/devices/<id>/status` is what `id` is. */
type Handler = (asked: Asked, id: string) => object | Promise<object>;

const maxBodyBytes = 64 * 1024;
/** The seed answers as FastAPI does: `{ detail }` with one of these. */
const statusOf: Readonly<Record<string, number>> = {
  closed: 403,
  forbidden: 403,
  refused: 403,
  taken: 400,
  "wrong-password": 401,
  unauthorised: 401,
  "not-found": 404,
  "wrong-code": 404,
  "bad-request": 422,
  "bad-config": 422,
};

/** The seed's HTTP: accounts, devices, pairing. */
export class Rest {
  readonly #routes: ReadonlyMap<string, Handler>;
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
    const { accounts, desk, hub, version } = options;
    this.#routes = new Map<string, Handler>([
      ["GET /", () => ({ app: "Doorward", version, status: "running" })],
      ["GET /health", () => ({ status: "healthy", timestamp: new Date(hub.clock.wallMs()).toISOString() })],
      ["POST /api/auth/register", ({ body }) => accounts.register(body)],
      ["POST /api/auth/login", ({ body, caller }) => accounts.logIn(body, caller.address)],
      ["POST /api/devices/register", ({ body, caller }) => desk.register(body, caller)],
      ["GET /api/devices", ({ caller }) => desk.list(personOf(caller))],
      ["GET /api/devices/status", ({ caller }, id) => desk.status(id, caller)],
      [
        "POST /api/pairing/generate",
        ({ url, caller }) => desk.generate(url.searchParams.get("device_id") ?? "", caller),
      ],
      ["POST /api/devices/pair", ({ body, caller }) => desk.pair(body, personOf(caller))],
    ]);
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const send = (status: number, body: unknown) => answerJson(response, { status, body });
    background(
      this.#serve(request).then((body) => send(200, body)),
      (error) => {
        const { status, detail } = this.#refusal(error);
        send(status, { detail });
      },
    );
  }

  async #serve(request: IncomingMessage): Promise<object> {
    const { method = "GET" } = request;
    const url = new URL(request.url ?? "/", "http://hub");
    const [, id] = /^\/api\/devices\/([^/]+)\/status$/.exec(url.pathname) ?? [];
    const path = id === undefined ? url.pathname : "/api/devices/status";
    const handler = this.#routes.get(`${method} ${path}`);
    if (!handler) throw new FatalError("Not Found", { code: "not-found" });
    const body = method === "POST" ? await bodyOf(request) : undefined;
    return await handler({ url, body, caller: this.#callerOf(request, url) }, decoded(id ?? ""));
  }

  #callerOf(request: IncomingMessage, url: URL): RestCaller {
    const { tokenInQuery, hub } = this.#options;
    const query = tokenInQuery ? (url.searchParams.get("token") ?? undefined) : undefined;
    const token = bearerOf(request) ?? query;
    const found = token === undefined ? undefined : hub.identity.credentials.find(token);
    const address = request.socket.remoteAddress ?? "";
    return { principal: found?.via === "token" ? found : undefined, token, address };
  }

  #refusal(error: unknown): { readonly status: number; readonly detail: string } {
    if (error instanceof Problem) return { status: error.status, detail: messageOf(error) };
    if (error instanceof ZodError) {
      const [issue] = error.issues;
      return { status: 422, detail: `${issue?.path.join(".")}: ${issue?.message}` };
    }
    if (error instanceof DoorwardError) return { status: statusOf[error.code] ?? 503, detail: messageOf(error) };
    this.#options.hub.log.error({ err: error }, "a request failed");
    return { status: 500, detail: "The hub failed here; its log says why." };
  }
}

function personOf({ principal }: RestCaller) {
  if (principal) return principal;
  throw new FatalError("Invalid token", { code: "unauthorised" });
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return "";
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) throw new Problem(413, { code: "too-large", detail: "The body is larger than 64 KiB." });
    chunks.push(chunk);
  }
  if (bytes === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new FatalError("The body is not JSON.", { code: "bad-request" });
  }
}
