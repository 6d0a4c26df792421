import { FatalError } from "../util/errors.ts";
import type { Command, CommandContext } from "./command.ts";
import { hubFlagsHelp, parseHubOptions } from "./hub-options.ts";
import { openFrontOf } from "./open-front.ts";

const usage = `usage: doorward hub [options]

Runs the hub with its configuration file (docs/config.md), until Ctrl+C. Prints the address to open and, the first time,
the one-time code of the set-up.

${hubFlagsHelp}

DOORWARD_LOG=debug|info|warn|error sets what is logged; DOORWARD_KEY the key that seals stored passwords.

exit code: 0 ended as asked, 1 could not run
`;

/** `doorward hub`. */
export const command: Command = { name: "hub", summary: "run the hub with its configuration file", usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const options = parseHubOptions(args);
  await using front = await openFrontOf(options, context);
  const { configFile, runHub } = await import("./run-hub.ts");
  const file = configFile(options, context);
  const config = await file.read();
  if (!config) {
    throw new FatalError(`there is no ${options.configPath}; write one (docs/config.md), or try "doorward demo"`);
  }
  return await runHub({ config, file, options, context, front });
}
