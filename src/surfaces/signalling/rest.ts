import { ZodError, z } from "zod";
import type { Hub } from "../../hub/hub.ts";
import { DoorwardError, FatalError, messageOf } from "../../util/errors.ts";
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

/** A request, whatever port it came to. */
export interface RestRequest {
  readonly url: URL;
  /** Parsed JSON; `{}` for none. */
  readonly body: unknown;
  /** The token that it showed as `Authorization: Bearer`. */
  readonly bearer: string | undefined;
  readonly address: string;
}

/** What it is answered with, as JSON. */
export interface RestAnswer {
  readonly status: number;
  readonly body: object;
}

/** One call of the seed's HTTP. */
export interface RestCall {
  readonly method: "GET" | "POST";
  /** `:id` is a device. */
  readonly path: string;
  readonly summary: string;
  answer(request: RestRequest, id?: string): Promise<RestAnswer>;
}

interface Asked extends Pick<RestRequest, "url" | "body"> {
  readonly caller: RestCaller;
  readonly id: string;
}

type Handle = (asked: Asked) => object | Promise<object>;

/** The seed's page shows its token there when it pairs a device. */
const bodyWithToken = z.object({ token: z.string().min(1).max(128) });

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
  /** What is served on every port. */
  readonly calls: readonly RestCall[];
  /** What is served only where nothing else is: the hub's own port has a page and a state of its own there. */
  readonly atRoot: readonly RestCall[];
  readonly #options: RestOptions;

  constructor(options: RestOptions) {
    this.#options = options;
    const { accounts, desk, hub, version } = options;
    const call = (asked: string, summary: string, handle: Handle) => this.#call({ asked, summary, handle });
    this.calls = [
      call("POST /api/auth/register", "Somebody adds themselves", ({ body }) => accounts.register(body)),
      call("POST /api/auth/login", "A token for a day", ({ body, caller }) => accounts.logIn(body, caller.address)),
      call("POST /api/devices/register", "A device says its name", ({ body, caller }) => desk.register(body, caller)),
      call("GET /api/devices", "The devices that one may see", ({ caller }) => desk.list(personOf(caller))),
      call("GET /api/devices/:id/status", "Whether it is there", ({ caller, id }) => desk.status(id, caller)),
      call("POST /api/pairing/generate", "A code for a device to show", ({ url, caller }) =>
        desk.generate(url.searchParams.get("device_id") ?? "", caller),
      ),
      call("POST /api/devices/pair", "Somebody read the code of a device", ({ body, caller }) =>
        desk.pair(body, personOf(caller)),
      ),
    ];
    this.atRoot = [
      call("GET /", "What this is", () => ({ app: "Doorward", version, status: "running" })),
      call("GET /health", "That it is well", () => ({
        status: "healthy",
        timestamp: new Date(hub.clock.wallMs()).toISOString(),
      })),
    ];
  }

  #call(of: { readonly asked: string; readonly summary: string; readonly handle: Handle }): RestCall {
    const [method, path = ""] = of.asked.split(" ");
    return {
      method: method === "GET" ? "GET" : "POST",
      path,
      summary: `Camera agents: ${of.summary}`,
      answer: async ({ url, body, bearer, address }, id = "") => {
        try {
          const caller = this.#callerOf({ url, body, bearer, address });
          return { status: 200, body: await of.handle({ url, body: body ?? {}, caller, id }) };
        } catch (error) {
          return this.#refusal(error);
        }
      },
    };
  }

  #callerOf({ url, body, bearer, address }: RestRequest): RestCaller {
    const { tokenInQuery, hub } = this.#options;
    const query = tokenInQuery ? (url.searchParams.get("token") ?? undefined) : undefined;
    const token = bearer ?? query ?? bodyWithToken.safeParse(body).data?.token;
    const found = token === undefined ? undefined : hub.identity.credentials.find(token);
    return { principal: found?.via === "token" ? found : undefined, token, address };
  }

  #refusal(error: unknown): RestAnswer {
    const refused = (status: number, detail: string) => ({ status, body: { detail } });
    if (error instanceof Problem) return refused(error.status, messageOf(error));
    if (error instanceof ZodError) {
      const [issue] = error.issues;
      return refused(422, `${issue?.path.join(".")}: ${issue?.message}`);
    }
    if (error instanceof DoorwardError) return refused(statusOf[error.code] ?? 503, messageOf(error));
    this.#options.hub.log.error({ err: error }, "a request failed");
    return refused(500, "The hub failed here; its log says why.");
  }
}

function personOf({ principal }: RestCaller) {
  if (principal) return principal;
  throw new FatalError("Invalid token", { code: "unauthorised" });
}
