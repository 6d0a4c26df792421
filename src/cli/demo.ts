import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { httpConfig } from "../surfaces/http/config.ts";
import type { Command, CommandContext } from "./command.ts";
import { hubFlagsHelp, parseHubOptions } from "./hub-options.ts";
import { openFrontOf } from "./open-front.ts";

const usage = `usage: doorward demo [options]

Runs the hub with make-believe cameras on this machine's loopback, one of each kind, that look and sound like something, two
room stations that answer, and a door bell with somebody before it, so that everything on the page can be tried with no hardware. A camera that you add on the page is written to the
configuration file; from then on "npm start" runs the hub with it, and "doorward demo" still shows this house.

${hubFlagsHelp}

exit code: 0 ended as asked, 1 could not run
`;

/** Free ports, so that a demo runs beside a hub; rooms on this machine alone. */
async function demoConfig() {
  const [broker, door] = [await freePort(), await freePort()];
  return {
    webrtc: { udpPort: 0 },
    mqtt: { port: broker },
    room: { interfaces: ["lo"], webPort: 0 },
    door: { port: door },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** `doorward demo`. */
export const command: Command = { name: "demo", summary: "run the hub with make-believe devices", usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const options = parseHubOptions(args);
  await using front = await openFrontOf(options, { ...context, otherwise: httpConfig.parse({}) });
  const [{ configSchema }, { configFile, runHub }] = [await import("../config.ts"), await import("./run-hub.ts")];
  const { openDemoHouse } = await import("./demo-house.ts");
  const file = configFile(options, context);
  const config = (await file.read()) ?? configSchema.parse(await demoConfig());
  return await runHub({
    ...{ config, file, options, context, front },
    demo: (running) => openDemoHouse(running, { context, config }),
  });
}
