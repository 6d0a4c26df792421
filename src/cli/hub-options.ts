import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "./command.ts";

/** Flags that every command which opens the hub's files shares. */
export interface HubOptions {
  readonly configPath: string;
  readonly dataDir: string;
  readonly httpPort?: number;
  readonly httpsPort?: number;
  readonly json: boolean;
  /** What is no flag. */
  readonly rest: readonly string[];
}

/** The ports that the flags set, in place of the file's. */
export function portsOf({ httpPort, httpsPort }: HubOptions): { readonly port?: number; readonly httpsPort?: number } {
  return { ...(httpPort !== undefined && { port: httpPort }), ...(httpsPort !== undefined && { httpsPort }) };
}

/** Help text of the flags below. */
export const hubFlagsHelp = `  --config FILE      configuration file (default: doorward.yaml, or $DOORWARD_CONFIG)
  --data DIR         folder of database, keys and certificates (default: data, or $DOORWARD_DATA)
  --http-port PORT   plain HTTP on this machine, instead of the file's http.port (0: any free one)
  --https-port PORT  HTTPS, instead of the file's http.httpsPort (0: any free one)
  --json             say it in JSON`;

/** Reads the flags. Throws UsageError for an invalid port. */
export function parseHubOptions(args: readonly string[]): HubOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: "string" },
      data: { type: "string" },
      "http-port": { type: "string" },
      "https-port": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  return {
    configPath: resolve(values.config ?? process.env["DOORWARD_CONFIG"] ?? "doorward.yaml"),
    dataDir: resolve(values.data ?? process.env["DOORWARD_DATA"] ?? "data"),
    httpPort: parsePort(values["http-port"], "--http-port"),
    httpsPort: parsePort(values["https-port"], "--https-port"),
    json: values.json,
    rest: positionals,
  };
}

function parsePort(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(`${flag} takes a port, 0 to 65535`);
  return port;
}
