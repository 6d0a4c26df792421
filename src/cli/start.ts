import { existsSync } from "node:fs";
import type { Command, CommandContext } from "./command.ts";
import { hubFlagsHelp, parseHubOptions } from "./hub-options.ts";

const usage = `usage: doorward start [options]

Runs the hub, or the demo when there is no configuration file: what "npm start" does.

${hubFlagsHelp}
`;

/** `doorward start`. */
export const command: Command = { name: "start", summary: "run the hub, or the demo", usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const { configPath } = parseHubOptions(args);
  const chosen = existsSync(configPath) ? await import("./hub.ts") : await import("./demo.ts");
  return chosen.command.run(args, context);
}
