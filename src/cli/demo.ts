import { configSchema } from "../config.ts";
import { ConfigFile } from "../hub/config-file.ts";
import type { Command, CommandContext } from "./command.ts";
import { openDemoHouse } from "./demo-house.ts";
import { hubFlagsHelp, parseHubOptions } from "./hub-options.ts";
import { runHub } from "./run-hub.ts";

const usage = `usage: doorward demo [options]

Runs the hub with make-believe cameras on this machine's loopback, one of each kind, that look and sound like something, so
that everything on the page can be tried with no hardware. A camera that you add on the page is written to the
configuration file; from then on "npm start" runs the hub with it, and "doorward demo" still shows this house.

${hubFlagsHelp}

exit code: 0 ended as asked, 1 could not run
`;

/** `doorward demo`. */
export const command: Command = { name: "demo", summary: "run the hub with make-believe devices", usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const options = parseHubOptions(args);
  const file = new ConfigFile({ path: options.configPath, schema: configSchema, clock: context.clock });
  // Any free UDP port, so that a demo runs beside a hub.
  const config = (await file.read()) ?? configSchema.parse({ webrtc: { udpPort: 0 } });
  return runHub({ config, file, options, context, demo: (running) => openDemoHouse(running, context) });
}
