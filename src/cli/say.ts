import { parseArgs } from "node:util";
import { z } from "zod";
import { isChannelId } from "../hub/channel.ts";
import { FatalError, messageOf, RecoverableError } from "../util/errors.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";

const usage = `usage: doorward say WORDS --to CHANNEL [--to CHANNEL]... [options]
       doorward say --file NAME --to CHANNEL [--to CHANNEL]... [options]

Says something through the devices of a running hub, and tells who hears it.

  --to CHANNEL       device:ID, area:NAME, group:NAME or all; may be repeated
  --file NAME        a sound instead of words: a file of the hub's sounds folder, or an http(s) address
  --voice NAME       voice that speaks the words, as espeak-ng calls it (de, en-us)
  --priority N       0 normal, 1 takes the floor from others, 2 emergency, also where nobody wants to be disturbed (0)
  --hub URL          the hub's address (default: $DOORWARD_URL, or http://localhost:8480)
  --token TOKEN      made by "doorward token add" (default: $DOORWARD_TOKEN, which other people cannot read)
  --json             say it in JSON

exit code: 0 somebody hears it, 1 refused or not reached, 2 wrong usage
`;

/** What {@link createSayCommand} may be given instead of the real ones. */
export interface SayDeps {
  readonly fetch: typeof fetch;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const hearingSchema = z.object({ deviceId: z.string(), state: z.string(), reason: z.string().optional() });
const answerSchema = z.object({ hearing: z.array(hearingSchema) });
const problemSchema = z.object({ detail: z.string(), holder: z.object({ name: z.string() }).optional() });

/** `doorward say`: words or a sound through the devices of a running hub. */
export function createSayCommand(deps: Partial<SayDeps> = {}): Command {
  return {
    name: "say",
    summary: "say words or play a sound through the devices of a running hub",
    usage,
    run: (args, context) => run(args, { context, fetch: deps.fetch ?? fetch, env: deps.env ?? process.env }),
  };
}

/** The command with everything real. */
export const command: Command = createSayCommand();

async function run(args: readonly string[], how: SayDeps & { readonly context: CommandContext }): Promise<number> {
  const { context, env } = how;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      to: { type: "string", multiple: true, default: [] },
      file: { type: "string" },
      voice: { type: "string" },
      priority: { type: "string", default: "0" },
      hub: { type: "string", default: env["DOORWARD_URL"] ?? "http://localhost:8480" },
      token: { type: "string", default: env["DOORWARD_TOKEN"] },
      json: { type: "boolean", default: false },
    },
  });
  const token = values.token;
  if (!token) throw new UsageError("give a token with --token or in $DOORWARD_TOKEN (doorward token add PERSON NAME)");
  const body = bodyOf({ ...values, text: positionals.join(" ") });
  const answer = await ask(body, { ...how, token, hub: values.hub });
  const { hearing } = answer;
  const heard = hearing.filter(({ state }) => state === "playing" || state === "connecting");
  if (values.json) context.stdout.write(`${JSON.stringify(answer)}\n`);
  else context.stdout.write(`heard by ${heard.length} of ${hearing.length}${missing(hearing)}\n`);
  return heard.length > 0 ? 0 : 1;
}

function bodyOf(values: {
  readonly to: readonly string[];
  readonly file?: string | undefined;
  readonly voice?: string | undefined;
  readonly priority: string;
  readonly text: string;
}): Record<string, unknown> {
  const { to, file, voice, text } = values;
  if (to.length === 0) throw new UsageError("to whom? --to device:ID, area:NAME, group:NAME or all");
  const wrong = to.find((channel) => !isChannelId(channel));
  if (wrong !== undefined) throw new UsageError(`--to ${wrong}: device:ID, area:NAME, group:NAME or all`);
  if (!["0", "1", "2"].includes(values.priority)) throw new UsageError("--priority is 0, 1 or 2");
  if ((file === undefined) === (text === "")) throw new UsageError("give either words or --file");
  const priority = Number(values.priority);
  return file === undefined ? { to, text, priority, ...(voice && { voice }) } : { to, file, priority };
}

async function ask(
  body: Record<string, unknown>,
  how: SayDeps & { readonly context: CommandContext; readonly token: string; readonly hub: string },
): Promise<z.infer<typeof answerSchema>> {
  const url = URL.parse("/api/v1/say", how.hub);
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError(`--hub ${how.hub} is no http(s) address`);
  const headers = { authorization: `Bearer ${how.token}`, "content-type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(body), signal: how.context.signal };
  const answer = await how.fetch(url, request).catch((error: unknown) => {
    how.context.signal.throwIfAborted();
    throw new RecoverableError(`the hub at ${url.host} does not answer: ${causeOf(error)}`, { cause: error });
  });
  const json: unknown = await answer.json().catch(() => undefined);
  if (answer.ok) return answerSchema.parse(json);
  const problem = problemSchema.safeParse(json);
  if (answer.status === 401) throw new FatalError("the hub does not know this token");
  if (answer.status === 404) throw new FatalError("nothing is there under this name, or you may not talk there");
  const { detail = `the hub answered ${answer.status}`, holder } = problem.data ?? {};
  throw new FatalError(holder ? `not said: ${holder.name} is speaking` : detail.replace(/\.$/, ""));
}

function causeOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
}

function missing(hearing: readonly z.infer<typeof hearingSchema>[]): string {
  const silent = hearing.filter(({ state }) => state === "failed" || state === "quiet");
  if (silent.length === 0) return "";
  return `\n${silent.map(({ deviceId, reason }) => `  ${deviceId}: ${reason ?? "cannot be spoken through"}`).join("\n")}`;
}
