import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { configSchema } from "../config.ts";
import { ConfigFile } from "../hub/config-file.ts";
import { lockDataFolder } from "../identity/data-lock.ts";
import { migrations } from "../identity/store-schema.ts";
import { FatalError, messageOf } from "../util/errors.ts";
import { type BackupHead, readEntries } from "./backup/entries.ts";
import { askPassphrase } from "./backup/passphrase.ts";
import { ofTheLock, putInPlace } from "./backup/put-in-place.ts";
import { damaged, newer, unseal } from "./backup/sealed.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { parseHubOptions } from "./hub-options.ts";

const usage = `usage: doorward restore FILE [options]

Puts back what "doorward backup" made: people sign in as before, tokens and certificates are the same, sealed passwords open. The whole file is
opened and checked first; nothing is touched unless all of it is good. The hub must not be running.

  --force                 also where a hub is already; what was there is kept in before-restore-TIME beside it
  --passphrase-file FILE  the passphrase is its first line; it is asked for otherwise
  --config FILE           configuration file (default: doorward.yaml, or $DOORWARD_CONFIG)
  --data DIR              folder of database, keys and certificates (default: data, or $DOORWARD_DATA)
  --json                  say it in JSON

exit code: 0 done, 1 could not be done, 2 wrong usage
`;

/** `doorward restore`. */
export const command: Command = { name: "restore", summary: "put back what doorward backup made", usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      force: { type: "boolean", default: false },
      "passphrase-file": { type: "string" },
      config: { type: "string" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0) throw new UsageError("which FILE?");
  const flags = (["config", "data"] as const).flatMap((name) => (values[name] ? [`--${name}`, values[name]] : []));
  const { configPath, dataDir } = parseHubOptions(flags);
  const file = resolve(given);
  if (!existsSync(file)) throw new FatalError(`there is no ${file}`);
  if (!values.force) await refuseOverwriting(configPath, dataDir);
  const passphrase = await askPassphrase({
    ...{ file: values["passphrase-file"], isNew: false, signal: context.signal },
  });
  const head = await restore({ file, configPath, dataDir, passphrase, context });
  const madeAt = new Date(head.madeAtMs).toISOString();
  if (values.json)
    context.stdout.write(`${JSON.stringify({ dataDir, configPath, madeAt, doorward: head.doorward })}\n`);
  else context.stdout.write(`restored what Doorward ${head.doorward} was at ${madeAt}: ${configPath}, ${dataDir}\n`);
  if (head.keyElsewhere)
    context.stderr.write("that hub's key was in $DOORWARD_KEY: set it, or its sealed passwords do not open\n");
  return 0;
}

async function refuseOverwriting(configPath: string, dataDir: string): Promise<void> {
  const there = existsSync(dataDir) ? (await readdir(dataDir)).filter((name) => !ofTheLock.test(name)) : [];
  const [what] = [...(there.length > 0 ? [dataDir] : []), ...(existsSync(configPath) ? [configPath] : [])];
  if (what === undefined) return;
  throw new FatalError(`a hub is there already: ${what}: name other places, or put it aside with --force`);
}

async function restore(of: {
  readonly file: string;
  readonly configPath: string;
  readonly dataDir: string;
  readonly passphrase: string;
  readonly context: CommandContext;
}): Promise<BackupHead> {
  const { file, configPath, dataDir, passphrase, context } = of;
  await using stack = new AsyncDisposableStack();
  const wasThere = existsSync(dataDir);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  let isGood = false;
  const giveUp = async () => {
    if (!wasThere && !isGood) await rm(dataDir, { recursive: true, force: true });
  };
  stack.defer(giveUp);
  stack.use(lockDataFolder(dataDir));
  const staged = await mkdtemp(join(dataDir, "restore-"));
  stack.defer(() => rm(staged, { recursive: true, force: true }));
  const head = await readEntries(unseal(createReadStream(file, { signal: context.signal }), passphrase), staged);
  await check(staged, head, context);
  await putInPlace(staged, { configPath, dataDir, nowMs: context.clock.wallMs() });
  isGood = true;
  return head;
}

/** All of it, before anything that is there is touched. Throws FatalError. */
async function check(staged: string, head: BackupHead, context: CommandContext): Promise<void> {
  if (head.tables > migrations.length) throw newer();
  const path = join(staged, "data", "doorward.sqlite");
  if (!existsSync(path)) throw damaged();
  const database = new DatabaseSync(path);
  try {
    const { integrity_check: found } = database.prepare("PRAGMA integrity_check").get() as { integrity_check: string };
    if (found !== "ok") throw damaged();
  } finally {
    database.close();
  }
  const config = join(staged, "config", "doorward.yaml");
  if (!existsSync(config)) return;
  try {
    await new ConfigFile({ path: config, schema: configSchema, clock: context.clock }).read();
  } catch (cause) {
    throw new FatalError(`the configuration in the backup does not suit this version: ${messageOf(cause)}`, { cause });
  }
}
