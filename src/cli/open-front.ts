import { readFile } from "node:fs/promises";
import { sectionOf } from "../hub/config-text.ts";
import { type Front, openFront } from "../surfaces/front.ts";
import { type HttpConfig, httpConfig } from "../surfaces/http/config.ts";
import type { CommandContext } from "./command.ts";
import { type HubOptions, portsOf } from "./hub-options.ts";

/**
 * Opens the hub's front as its configuration file says, of which nothing else is read yet; without a file, as `otherwise` says.
 * Undefined where the file or its section `http` has a fault: whoever reads all of it tells. Throws what {@link openFront} throws.
 */
export async function openFrontOf(
  options: HubOptions,
  how: Pick<CommandContext, "clock" | "log"> & { readonly otherwise?: HttpConfig },
): Promise<Front | undefined> {
  const config = await httpOf(options.configPath, how.otherwise);
  if (!config) return undefined;
  const { dataDir } = options;
  return openFront({ config: { ...config, ...portsOf(options) }, dataDir, clock: how.clock, log: how.log });
}

async function httpOf(path: string, otherwise: HttpConfig | undefined): Promise<HttpConfig | undefined> {
  try {
    return sectionOf(await readFile(path, "utf8"), { name: "http", schema: httpConfig });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? otherwise : undefined;
  }
}
