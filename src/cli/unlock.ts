import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { z } from "zod";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { askHub, type HubApiDeps, hubApiFlags, hubApiHelp } from "./hub-api.ts";

const usage = `usage: doorward unlock DEVICE

Opens the door of a device of a running hub, and says what came of it. It is tried once, within five seconds.

  DEVICE             id of the device, as in the configuration
${hubApiHelp}
  --json             say it in JSON

exit code: 0 it is open, 1 it was not opened or the hub not reached, 2 wrong usage
`;

const answerSchema = z.object({ opened: z.boolean(), sentence: z.string(), joined: z.boolean() });

/** `doorward unlock`: opens a door. */
export function createUnlockCommand(deps: Partial<HubApiDeps> = {}): Command {
  return {
    name: "unlock",
    summary: "open a door through a running hub",
    usage,
    run: (args, context) => run(args, { context, fetch: deps.fetch ?? fetch, env: deps.env ?? process.env }),
  };
}

/** The command with everything real. */
export const command: Command = createUnlockCommand();

async function run(args: readonly string[], how: HubApiDeps & { readonly context: CommandContext }): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, ...hubApiFlags(how.env) },
  });
  const [device, more] = positionals;
  if (device === undefined) throw new UsageError("say which door: doorward unlock DEVICE");
  if (more !== undefined) throw new UsageError(`"${more}" is one word too many: one door at a time`);
  const { hub, token } = values;
  const body = { nonce: randomUUID() };
  const path = `/api/v1/devices/${encodeURIComponent(device)}/unlock`;
  const refused = { 404: `there is no device ${device}, or you may not open its door` };
  const answer = answerSchema.parse(await askHub({ method: "POST", path, body }, { ...how, hub, token, refused }));
  how.context.stdout.write(`${values.json ? JSON.stringify(answer) : answer.sentence}\n`);
  return 0;
}
