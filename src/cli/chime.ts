import { readFile, stat } from "node:fs/promises";
import { parse } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { maxChimeBytes } from "../hub/chimes.ts";
import { FatalError, messageOf } from "../util/errors.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { askHub, type HubApiDeps, hubApiFlags, hubApiHelp } from "./hub-api.ts";
import { playThrough, requireWhom } from "./play.ts";

const usage = `usage: doorward chime list [--json]
       doorward chime add PATH [--name NAME]
       doorward chime remove NAME
       doorward chime play NAME --to CHANNEL [--to CHANNEL]... [--priority N]

The sounds that ring in a running hub: its own (doorbell, gong, alert) and those that were added to it. To add one takes a
WAV file of this machine, at most 5 MiB and a minute long; one that is called the same is replaced.

  --name NAME        what it will be called (default: the file's name without .wav)
  --to CHANNEL       what a device, an area or a group is called, all, or plainly device:ID, area:NAME, group:NAME;
                     may be repeated
  --priority N       0 normal, 1 takes the floor from others, 2 emergency, also where nobody wants to be disturbed (0)
${hubApiHelp}
                     to add and remove takes the right to administer (--grant administer)
  --json             say it in JSON

exit code: 0 done, 1 refused, not reached, or played and heard by nobody, 2 wrong usage
`;

const chimeSchema = z.object({ name: z.string(), builtIn: z.boolean(), seconds: z.number() });
const chimesAnswer = z.object({ chimes: z.array(chimeSchema) });

/** `doorward chime`: the sounds that ring. */
export function createChimeCommand(deps: Partial<HubApiDeps> = {}): Command {
  return {
    name: "chime",
    summary: "list, add, remove and play the chimes of a running hub",
    usage,
    run: (args, context) => run(args, { context, fetch: deps.fetch ?? fetch, env: deps.env ?? process.env }),
  };
}

/** The command with everything real. */
export const command: Command = createChimeCommand();

async function run(args: readonly string[], how: HubApiDeps & { readonly context: CommandContext }): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: "string" },
      to: { type: "string", multiple: true, default: [] },
      priority: { type: "string", default: "0" },
      json: { type: "boolean", default: false },
      ...hubApiFlags(how.env),
    },
  });
  const [action = "", ...words] = positionals;
  const what = words.join(" ");
  const { hub, token, json } = values;
  const refused = { 403: "the token may not administer the hub" };
  const ask = (method: string, path: string, body?: unknown) =>
    askHub({ method, path, body }, { ...how, hub, token, refused });
  const say = (text: string, value: unknown) => {
    how.context.stdout.write(`${json ? JSON.stringify(value) : text}\n`);
    return 0;
  };
  if (action === "list") {
    const { chimes } = chimesAnswer.parse(await ask("GET", "/api/v1/chimes"));
    return say(chimes.map(sayChime).join("\n"), { chimes });
  }
  if (!["add", "remove", "play"].includes(action))
    throw new UsageError(`"${action}" is none of list, add, remove, play`);
  if (what === "")
    throw new UsageError(action === "add" ? "which file?" : "which chime? doorward chime list shows them");
  if (action === "play") {
    requireWhom(values);
    const body = { to: values.to, chime: what, priority: Number(values.priority) };
    return await playThrough({ path: "/api/v1/say", body }, { ...how, hub, token, json });
  }
  if (action === "remove") {
    await ask("DELETE", `/api/v1/chimes/${encodeURIComponent(what)}`);
    return say(`removed the chime ${what}`, { name: what });
  }
  const query = new URLSearchParams({ name: values.name ?? parse(what).name });
  const chime = chimeSchema.parse(await ask("POST", `/api/v1/chimes?${query}`, await readChime(what)));
  return say(`added the chime ${sayChime(chime)}`, chime);
}

async function readChime(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > maxChimeBytes) throw new FatalError(`${path}: larger than ${maxChimeBytes / 2 ** 20} MiB`);
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof FatalError) throw error;
    throw new FatalError(`${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function sayChime({ name, builtIn, seconds }: z.infer<typeof chimeSchema>): string {
  return `${name}  ${seconds.toFixed(1)} s${builtIn ? "  the hub's own" : ""}`;
}
