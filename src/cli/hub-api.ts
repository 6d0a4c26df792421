import { z } from "zod";
import { FatalError, messageOf, RecoverableError } from "../util/errors.ts";
import { type CommandContext, UsageError } from "./command.ts";

/** How a command reaches a running hub; the real ones unless a test gives others. */
export interface HubApiDeps {
  readonly fetch: typeof fetch;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Flags of every command that speaks to a running hub. */
export const hubApiFlags = (env: HubApiDeps["env"]) =>
  ({
    hub: { type: "string", default: env["DOORWARD_URL"] ?? "http://localhost:8480" },
    token: { type: "string", default: env["DOORWARD_TOKEN"] },
  }) as const;

/** The same in the command's help. */
export const hubApiHelp = `  --hub URL          the hub's address (default: $DOORWARD_URL, or http://localhost:8480)
  --token TOKEN      made by "doorward token add" (default: $DOORWARD_TOKEN, which other people cannot read)`;

/** Options of {@link askHub}. */
export interface HubApiOptions {
  readonly fetch: typeof fetch;
  readonly context: CommandContext;
  readonly hub: string;
  readonly token: string | undefined;
  /** A sentence for a status that means something to the command; the hub's own words otherwise. */
  readonly refused?: Readonly<Record<number, string>>;
}

const problemSchema = z.object({ detail: z.string(), holder: z.object({ name: z.string() }).optional() });

/** One call of a running hub's API. */
export interface HubCall {
  readonly method: string;
  readonly path: string;
  /** Bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly accept?: string;
}

/** Calls a running hub's API and gives the answer's JSON, undefined where there is none. Throws what {@link callHub} throws. */
export async function askHub(call: HubCall, options: HubApiOptions): Promise<unknown> {
  const answer = await callHub(call, options);
  return await answer.json().catch(() => undefined);
}

/**
 * Calls a running hub's API and gives the answer, not yet read. Throws UsageError for flags that cannot be,
 * RecoverableError when the hub does not answer, FatalError with a sentence when it refuses.
 */
export async function callHub(call: HubCall, options: HubApiOptions): Promise<Response> {
  const { hub, token, context, refused = {} } = options;
  if (!token) throw new UsageError("give a token with --token or in $DOORWARD_TOKEN (doorward token add PERSON NAME)");
  const url = URL.parse(call.path, hub);
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError(`--hub ${hub} is no http(s) address`);
  const answer = await options
    .fetch(url, {
      method: call.method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(call.accept !== undefined && { accept: call.accept }),
        ...(call.body !== undefined && { "content-type": isBytes(call.body) ? bytesType : "application/json" }),
      },
      ...(call.body !== undefined && { body: isBytes(call.body) ? call.body : JSON.stringify(call.body) }),
      signal: context.signal,
    })
    .catch((error: unknown) => {
      context.signal.throwIfAborted();
      throw new RecoverableError(`the hub at ${url.host} does not answer: ${causeOf(error)}`, { cause: error });
    });
  if (answer.ok) return answer;
  const json: unknown = await answer.json().catch(() => undefined);
  if (answer.status === 401) throw new FatalError("the hub does not know this token");
  const problem = problemSchema.safeParse(json);
  const { detail = `the hub answered ${answer.status}`, holder } = problem.data ?? {};
  if (holder) throw new FatalError(`not said: ${holder.name} is speaking`);
  throw new FatalError(refused[answer.status] ?? detail.replace(/\.$/, ""));
}

const bytesType = "application/octet-stream";

function isBytes(body: unknown): body is Uint8Array<ArrayBuffer> {
  return body instanceof Uint8Array;
}

function causeOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}
