import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { type Config, configSchema } from "../config.ts";
import { ConfigFile } from "../hub/config-file.ts";
import { type RunningHub, startHub } from "../main.ts";
import { frameMemory } from "../media/frame-memory.ts";
import type { Front } from "../surfaces/front.ts";
import { collectSeldom, collectStart, keepYoungSmall, trimWhenIdle } from "../util/collector.ts";
import { compileWithWork } from "../util/compilers.ts";
import { Faults } from "../util/faults.ts";
import { redact } from "../util/redact.ts";
import type { CommandContext } from "./command.ts";
import { type HubOptions, portsOf } from "./hub-options.ts";
import { keepCompiled } from "./keep-compiled.ts";
import { crashed, lastResort } from "./last-resort.ts";
import { tellParentUp } from "./supervised.ts";

/** What {@link runHub} needs. */
export interface RunHubOptions {
  readonly config: Config;
  readonly file: ConfigFile<Config>;
  readonly options: HubOptions;
  readonly context: CommandContext;
  /** What was opened before all else; it ends with the hub. */
  readonly front?: Front | undefined;
  /** Adds the demo's devices to the running hub. */
  readonly demo?: (running: RunningHub) => Promise<AsyncDisposable>;
}

/** The file with everything that may stand in it. */
export function configFile({ configPath }: HubOptions, { clock }: CommandContext): ConfigFile<Config> {
  return new ConfigFile({ path: configPath, schema: configSchema, clock });
}

/** Runs a hub until Ctrl+C and says where it is to be found. */
export async function runHub({ config, file, options, context, front, demo }: RunHubOptions): Promise<number> {
  const { clock, log, signal, stdout, stderr } = context;
  const http = { ...config.http, ...portsOf(options) };
  const end = new AbortController();
  const faults = new Faults({ clock, log });
  const crash = new AbortController();
  using _unforeseen = lastResort({ clock, log, faults, giveUp: () => crash.abort() });
  await using running = await startHub({
    config: { ...config, http },
    file,
    ...(front && { front }),
    dataDir: options.dataDir,
    clock,
    log,
    demo: demo !== undefined,
    faults,
    signal: end.signal,
  });
  for (const problem of running.problems) stderr.write(`doorward: ${redact(problem)}\n`);
  const { httpUrl, httpsUrl, setupCode } = running;
  if (options.json) stdout.write(`${JSON.stringify({ httpUrl, httpsUrl, setupCode, demo: demo !== undefined })}\n`);
  else stdout.write(welcome(running, { demo: demo !== undefined, configPath: options.configPath }));
  await keepCompiled(httpUrl);
  collectSeldom();
  clock.timer(collectMs, collectStart);
  keepYoungSmall({ clock, signal: end.signal });
  trimWhenIdle({ clock, signal: end.signal, isBusy: running.isBusy, onIdle: () => frameMemory.clear() });
  using _pictures = onPictures(running, compileWithWork({ clock, signal: end.signal }));
  await using _demo = await demo?.(running);
  tellParentUp();
  const over = AbortSignal.any([signal, crash.signal]);
  if (!over.aborted) await once(over, "abort");
  if (!options.json) stderr.write("doorward: stopping ...\n");
  end.abort();
  if (!crash.signal.aborted) return 0;
  // What went wrong may keep it from ending cleanly.
  clock.timer(cleanEndMs, () => process.exit(crashed));
  return crashed;
}

/** Calls `come` when a device sends what is to be seen, also of one that does already. */
function onPictures({ hub }: RunningHub, come: () => void): Disposable {
  const look = (id: string) => {
    const phase = hub.devices.get(id)?.state.phase;
    if (phase === "live" || phase === "waiting-for-key-frame") come();
  };
  for (const { id } of hub.devices.list()) look(id);
  return hub.devices.onChange(({ id }) => look(id));
}

/** Most addresses that are told; a machine with containers has dozens. */
const maxTold = 4;

/** Where other machines find the hub: at each IPv4 address of this one. */
function urlsFromOutside(httpsUrl: string): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const own = all.filter(({ internal, family }) => !internal && family === "IPv4").slice(0, maxTold);
  const names = own.length > 0 ? own.map(({ address }) => address) : ["this machine's name or address"];
  return names.map((name) => httpsUrl.replace("localhost", name));
}

const cleanEndMs = 10_000;
/** Whoever waited for the hub has been answered by then. */
const collectMs = 300;

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
    ...(httpsUrl ? [`From other machines: ${urlsFromOutside(httpsUrl).join("\n                     ")}`] : []),
    "Ctrl+C ends it.",
    "",
  ];
  return `${lines.join("\n")}\n`;
}
