import { parseArgs } from "node:util";
import { z } from "zod";
import { isChannelId } from "../hub/channel.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { askHub, type HubApiDeps, hubApiFlags, hubApiHelp } from "./hub-api.ts";

const usage = `usage: doorward say WORDS --to CHANNEL [--to CHANNEL]... [options]
       doorward say --file NAME --to CHANNEL [--to CHANNEL]... [options]

Says something through the devices of a running hub, and tells who hears it.

  --to CHANNEL       device:ID, area:NAME, group:NAME or all; may be repeated
  --file NAME        a sound instead of words: a file of the hub's sounds folder, or an http(s) address
  --voice NAME       voice that speaks the words, as espeak-ng calls it (de, en-us)
  --priority N       0 normal, 1 takes the floor from others, 2 emergency, also where nobody wants to be disturbed (0)
${hubApiHelp}
  --json             say it in JSON

exit code: 0 somebody hears it, 1 refused or not reached, 2 wrong usage
`;

const hearingSchema = z.object({ deviceId: z.string(), state: z.string(), reason: z.string().optional() });
const answerSchema = z.object({ hearing: z.array(hearingSchema) });

/** `doorward say`: words or a sound through the devices of a running hub. */
export function createSayCommand(deps: Partial<HubApiDeps> = {}): Command {
  return {
    name: "say",
    summary: "say words or play a sound through the devices of a running hub",
    usage,
    run: (args, context) => run(args, { context, fetch: deps.fetch ?? fetch, env: deps.env ?? process.env }),
  };
}

/** The command with everything real. */
export const command: Command = createSayCommand();

async function run(args: readonly string[], how: HubApiDeps & { readonly context: CommandContext }): Promise<number> {
  const { context, env } = how;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      to: { type: "string", multiple: true, default: [] },
      file: { type: "string" },
      voice: { type: "string" },
      priority: { type: "string", default: "0" },
      ...hubApiFlags(env),
      json: { type: "boolean", default: false },
    },
  });
  const { hub, token } = values;
  const body = bodyOf({ ...values, text: positionals.join(" ") });
  const refused = { 404: "nothing is there under this name, or you may not talk there" };
  const call = { method: "POST", path: "/api/v1/say", body };
  const answer = answerSchema.parse(await askHub(call, { ...how, hub, token, refused }));
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

function missing(hearing: readonly z.infer<typeof hearingSchema>[]): string {
  const silent = hearing.filter(({ state }) => state === "failed" || state === "quiet");
  if (silent.length === 0) return "";
  return `\n${silent.map(({ deviceId, reason }) => `  ${deviceId}: ${reason ?? "cannot be spoken through"}`).join("\n")}`;
}
