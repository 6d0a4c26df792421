import { parseArgs } from "node:util";
import { callInfoSchema } from "../hub/call-info.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { askHub, type HubApiDeps, hubApiFlags, hubApiHelp } from "./hub-api.ts";

const usage = `usage: doorward call WHOM [WHOM]...

Rings people, devices, areas or groups of a running hub as a call of the token's person, who goes on with it at their page.

  WHOM               a person's name, or what a device, an area or a group is called, or plainly person:NAME, device:ID,
                     area:NAME, group:NAME
${hubApiHelp}
  --json             say it in JSON

exit code: 0 it rings, 1 refused, not reached, or nobody can be rung, 2 wrong usage
`;

/** `doorward call`: calls somebody. */
export function createCallCommand(deps: Partial<HubApiDeps> = {}): Command {
  return {
    name: "call",
    summary: "call people and rooms through a running hub",
    usage,
    run: (args, context) => run(args, { context, fetch: deps.fetch ?? fetch, env: deps.env ?? process.env }),
  };
}

/** The command with everything real. */
export const command: Command = createCallCommand();

async function run(args: readonly string[], how: HubApiDeps & { readonly context: CommandContext }): Promise<number> {
  const { values, positionals: to } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, ...hubApiFlags(how.env) },
  });
  if (to.length === 0) throw new UsageError("say whom to call");
  const { hub, token, json } = values;
  const refused = { 404: "nobody is called so, or you may not call them" };
  const call = callInfoSchema.parse(
    await askHub({ method: "POST", path: "/api/v1/calls", body: { to } }, { ...how, hub, token, refused }),
  );
  const names = call.rung.filter(({ state }) => state === "told" || state === "ringing").map(({ name }) => name);
  const sentence =
    call.state === "ended"
      ? `nobody can be rung: ${call.endReason ?? "ended"}`
      : `rings at ${names.join(", ")}: call ${call.id}`;
  how.context.stdout.write(`${json ? JSON.stringify(call) : sentence}\n`);
  return call.state === "ended" ? 1 : 0;
}
