import { parseArgs } from "node:util";
import { z } from "zod";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { askHub, type HubApiDeps, hubApiFlags, hubApiHelp } from "./hub-api.ts";
import { requireWhom } from "./play.ts";

const usage = `usage: doorward ring --to CHANNEL [--to CHANNEL]... [--chime NAME] [--priority N]

Rings devices of a running hub with a chime, in line behind what is said there; their screens show who is calling.

  --to CHANNEL       what a device, an area or a group is called, all, or plainly device:ID, area:NAME, group:NAME;
                     may be repeated
  --chime NAME       one of "doorward chime list" (doorbell)
  --priority N       0 normal, 1 takes the floor from others, 2 emergency, also where nobody wants to be disturbed (0)
${hubApiHelp}
  --json             say it in JSON

exit code: 0 they are rung or will be in their turn, 1 refused or not reached, 2 wrong usage
`;

const answerSchema = z.object({
  state: z.string(),
  deviceIds: z.array(z.string()),
  position: z.number().optional(),
});

/** `doorward ring`: rings rooms. */
export function createRingCommand(deps: Partial<HubApiDeps> = {}): Command {
  return {
    name: "ring",
    summary: "ring rooms with a chime through a running hub",
    usage,
    run: (args, context) => run(args, { context, fetch: deps.fetch ?? fetch, env: deps.env ?? process.env }),
  };
}

/** The command with everything real. */
export const command: Command = createRingCommand();

async function run(args: readonly string[], how: HubApiDeps & { readonly context: CommandContext }): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      to: { type: "string", multiple: true, default: [] },
      chime: { type: "string" },
      priority: { type: "string", default: "0" },
      json: { type: "boolean", default: false },
      ...hubApiFlags(how.env),
    },
  });
  if (positionals.length > 0)
    throw new UsageError(`"${positionals[0]}" is one word too many: whom to ring goes behind --to`);
  requireWhom(values);
  const { hub, token, to, chime } = values;
  const body = { to, priority: Number(values.priority), ...(chime !== undefined && { chime }) };
  const refused = { 404: "nothing is there under this name, or you may not talk there" };
  const answer = answerSchema.parse(
    await askHub({ method: "POST", path: "/api/v1/ring", body }, { ...how, hub, token, refused }),
  );
  how.context.stdout.write(`${values.json ? JSON.stringify(answer) : sayRung(answer)}\n`);
  return 0;
}

function sayRung({ state, deviceIds, position = 1 }: z.infer<typeof answerSchema>): string {
  if (state !== "queued") return `rings at ${deviceIds.join(", ")}`;
  return `will ring at ${deviceIds.join(", ")}: ${position === 1 ? "next" : `number ${position}`} in line`;
}
