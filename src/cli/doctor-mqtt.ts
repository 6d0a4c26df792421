import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { CommandContext } from "./command.ts";
import { withIdentity } from "./identity.ts";

/** Who shows the hub's devices in Home Assistant. Throws where each is shown twice. */
export async function whoShowsDevices(
  { mqtt }: Pick<Config, "mqtt">,
  { dataDir, context }: { readonly dataDir: string; readonly context: CommandContext },
): Promise<string> {
  if (!mqtt) return "is told of no device over MQTT, which the configuration does not have";
  const paired = existsSync(join(dataDir, "doorward.sqlite")) ? await pairedTokens(dataDir, context) : 0;
  if (mqtt.discovery === "off") return "is told of no device over MQTT (mqtt.discovery: off)";
  if (paired === 0) return "is told of every device over MQTT; its integration is not paired";
  if (mqtt.discovery === "auto") {
    return "shows the hub by its integration, so MQTT leaves it to that; taking away the integration's token brings MQTT's devices back";
  }
  throw new Error(
    "shows every device twice, by its integration and over MQTT: set mqtt.discovery to auto, or take away the integration's token",
  );
}

async function pairedTokens(dataDir: string, context: CommandContext): Promise<number> {
  let count = 0;
  await withIdentity(dataDir, context, async ({ pairings }) => {
    count = pairings.list().length;
    return 0;
  });
  return count;
}
