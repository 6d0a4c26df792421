import { once } from "node:events";
import type { Config } from "../config.ts";
import type { ConfigFile } from "../hub/config-file.ts";
import { type RunningHub, startHub } from "../main.ts";
import { redact } from "../util/redact.ts";
import { trimWhenIdle } from "../util/trim-memory.ts";
import type { CommandContext } from "./command.ts";
import type { HubOptions } from "./hub-options.ts";

/** What {@link runHub} needs. */
export interface RunHubOptions {
  readonly config: Config;
  readonly file: ConfigFile<Config>;
  readonly options: HubOptions;
  readonly context: CommandContext;
  /** Adds the demo's devices to the running hub. */
  readonly demo?: (running: RunningHub) => Promise<AsyncDisposable>;
}

/** Runs a hub until Ctrl+C and says where it is to be found. */
export async function runHub({ config, file, options, context, demo }: RunHubOptions): Promise<number> {
  const { clock, log, signal, stdout, stderr } = context;
  const http = {
    ...config.http,
    ...(options.httpPort !== undefined && { port: options.httpPort }),
    ...(options.httpsPort !== undefined && { httpsPort: options.httpsPort }),
  };
  const end = new AbortController();
  await using running = await startHub({
    config: { ...config, http },
    file,
    dataDir: options.dataDir,
    clock,
    log,
    demo: demo !== undefined,
    signal: end.signal,
  });
  for (const problem of running.problems) stderr.write(`doorward: ${redact(problem)}\n`);
  const { httpUrl, httpsUrl, setupCode } = running;
  if (options.json) stdout.write(`${JSON.stringify({ httpUrl, httpsUrl, setupCode, demo: demo !== undefined })}\n`);
  else stdout.write(welcome(running, { demo: demo !== undefined, configPath: options.configPath }));
  trimWhenIdle({ clock, signal: end.signal, isBusy: () => running.viewers() > 0 });
  await using _demo = await demo?.(running);
  if (!signal.aborted) await once(signal, "abort");
  if (!options.json) stderr.write("doorward: stopping ...\n");
  end.abort();
  return 0;
}

function welcome(running: RunningHub, how: { readonly demo: boolean; readonly configPath: string }): string {
  const { httpUrl, httpsUrl, setupCode } = running;
  const lines = [
    how.demo
      ? `Doorward runs its demo: make-believe cameras, because there is no ${how.configPath}.`
      : `Doorward runs with ${how.configPath}.`,
    "",
    `  open   ${setupCode ? `${httpUrl}#/setup?code=${setupCode}` : httpUrl}`,
    ...(setupCode
      ? [`         (the code ${setupCode} is good once, within 30 minutes, for the first administrator)`]
      : []),
    "",
    ...(httpsUrl ? [`From other machines: ${httpsUrl.replace("localhost", "this machine's name or address")}`] : []),
    "Ctrl+C ends it.",
    "",
  ];
  return `${lines.join("\n")}\n`;
}
