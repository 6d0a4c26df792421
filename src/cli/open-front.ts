import { readFile } from "node:fs/promises";
import { sectionOf } from "../hub/config-text.ts";
import { type Front, openFront } from "../surfaces/front.ts";
import { httpConfig } from "../surfaces/http/config.ts";
import type { CommandContext } from "./command.ts";
import { type HubOptions, portsOf } from "./hub-options.ts";

/**
 * Opens the hub's front as its configuration file says, of which nothing else is read yet; `without` a file, as that says.
 * Undefined where the file or its section `http` has a fault: whoever reads all of it tells. Throws what {@link openFront} throws.
 */
export async function openFrontOf(
  options: HubOptions,
  how: Pick<CommandContext, "clock" | "log"> & { readonly without?: unknown },
): Promise<Front | undefined> {
  const text = await readFile(options.configPath, "utf8").catch((error: NodeJS.ErrnoException) =>
    error.code === "ENOENT" && how.without !== undefined ? JSON.stringify({ http: how.without }) : undefined,
  );
  const config = text === undefined ? undefined : sectionOf(text, { name: "http", schema: httpConfig });
  if (!config) return undefined;
  const { dataDir } = options;
  return openFront({ config: { ...config, ...portsOf(options) }, dataDir, clock: how.clock, log: how.log });
}
