import { messageOf, RecoverableError } from "../util/errors.ts";
import { type CommandContext, UsageError } from "./command.ts";
import { callHub, type HubApiDeps } from "./hub-api.ts";
import { tellHearing } from "./say-hearing.ts";

/** What is to be said, as a call of a running hub's API. */
export interface Wish {
  readonly path: string;
  /** Bytes are sent as they are, anything else as JSON. */
  readonly body: unknown;
}

/** Options of {@link playThrough}. */
export interface PlayOptions extends HubApiDeps {
  readonly context: CommandContext;
  readonly hub: string;
  readonly token: string | undefined;
  readonly json: boolean;
}

/** Has a running hub say something, and tells who hears it until it was said. Gives the exit code. */
export async function playThrough(wish: Wish, options: PlayOptions): Promise<number> {
  const { context, json } = options;
  const refused = { 404: "nothing is there under this name, or you may not talk there" };
  const call = { method: "POST", accept: "application/x-ndjson, application/json", ...wish };
  const answer = await callHub(call, { ...options, refused });
  return await tellHearing(linesOf(answer, context), { stdout: context.stdout, json });
}

/** Throws UsageError unless `to` names somebody and `priority` is one. */
export function requireWhom({ to, priority }: { readonly to: readonly string[]; readonly priority: string }): void {
  if (to.length === 0) throw new UsageError("to whom? --to NAME, device:ID, area:NAME, group:NAME or all");
  if (to.some((name) => name.trim() === "")) throw new UsageError("--to is empty: to whom?");
  if (!["0", "1", "2"].includes(priority)) throw new UsageError("--priority is 0, 1 or 2");
}

/** The hub's answer as it comes: a line of JSON for each change of who hears it. */
async function* linesOf(answer: Response, { signal }: CommandContext): AsyncGenerator<string> {
  let rest = "";
  try {
    for await (const text of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      yield* lines.filter((line) => line !== "");
    }
  } catch (error) {
    signal.throwIfAborted();
    throw new RecoverableError(`the hub went away while it was said: ${messageOf(error)}`, { cause: error });
  }
  if (rest !== "") yield rest;
}
