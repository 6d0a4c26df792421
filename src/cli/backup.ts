import { createWriteStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { FatalError } from "../util/errors.ts";
import { version } from "../util/version.ts";
import { certificatesElsewhere, filesOf, isKeyElsewhere } from "./backup/contents.ts";
import { type BackedUp, type BackupHead, writeEntries } from "./backup/entries.ts";
import { askPassphrase } from "./backup/passphrase.ts";
import { type SealCost, seal } from "./backup/sealed.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";
import { parseHubOptions } from "./hub-options.ts";

const usage = `usage: doorward backup [FILE] [options]

Puts all that this hub is into one file, sealed with a passphrase: configuration, people, tokens and history, keys, certificates, sounds.
The hub may run meanwhile; the database is copied as it is at one moment. "doorward restore" puts it back, on this machine or another.
Without the passphrase nobody can open the file: keep it elsewhere.

FILE is doorward-DATE.backup unless given; what is there already is not overwritten.

  --passphrase-file FILE  the passphrase is its first line; it is asked for otherwise (8 characters or more)
  --config FILE           configuration file (default: doorward.yaml, or $DOORWARD_CONFIG)
  --data DIR              folder of database, keys and certificates (default: data, or $DOORWARD_DATA)
  --json                  say it in JSON

exit code: 0 done, 1 could not be done, 2 wrong usage
`;

/** The command; sealing costs less in tests. */
export function createBackupCommand(how: { readonly cost?: SealCost } = {}): Command {
  return {
    ...{ name: "backup", summary: "put all of this hub into one sealed file", usage },
    run: (args, context) => run(args, { ...context, ...how }),
  };
}

/** `doorward backup`. */
export const command = createBackupCommand();

type BackupContext = CommandContext & { readonly cost?: SealCost };

const database = "doorward.sqlite";

async function run(args: readonly string[], context: BackupContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      "passphrase-file": { type: "string" },
      config: { type: "string" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  if (positionals.length > 1) throw new UsageError("one FILE, please");
  const { config, data } = values;
  const { configPath, dataDir } = parseHubOptions([...flag("--config", config), ...flag("--data", data)]);
  const day = new Date(context.clock.wallMs()).toISOString().slice(0, 10);
  const target = resolve(positionals[0] ?? `doorward-${day}.backup`);
  if (existsSync(target)) throw new FatalError(`${target} is there already: name another file`);
  if (!existsSync(join(dataDir, database))) throw new FatalError(`there is no hub's data in ${dataDir}`);
  const passphrase = await askPassphrase({
    ...{ file: values["passphrase-file"], isNew: true, signal: context.signal },
  });
  const made = await makeBackup({ configPath, dataDir, target, passphrase, context });
  const { keyElsewhere, notContained, files, bytes } = made;
  if (values.json) context.stdout.write(`${JSON.stringify({ file: target, ...made })}\n`);
  else context.stdout.write(`${target}: ${files} files, ${bytes} bytes\n`);
  if (keyElsewhere)
    context.stderr.write("the hub's key is in $DOORWARD_KEY and not in the backup: keep a copy of it as well\n");
  for (const file of notContained)
    context.stderr.write(`not in the backup, for it is outside ${dataDir}: ${file}: keep a copy of it as well\n`);
  return 0;
}

function flag(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value];
}

interface Made {
  readonly files: number;
  readonly bytes: number;
  readonly keyElsewhere: boolean;
  /** Files of the configuration that are outside the data folder. */
  readonly notContained: readonly string[];
}

async function makeBackup(of: {
  readonly configPath: string;
  readonly dataDir: string;
  readonly target: string;
  readonly passphrase: string;
  readonly context: BackupContext;
}): Promise<Made> {
  const { configPath, dataDir, target, passphrase, context } = of;
  await using stack = new AsyncDisposableStack();
  const aside = await mkdtemp(join(dataDir, "backup-"));
  stack.defer(() => rm(aside, { recursive: true, force: true }));
  const copy = join(aside, database);
  const tables = await copyDatabase(join(dataDir, database), copy);
  const keyElsewhere = isKeyElsewhere(copy, dataDir);
  const notContained = await certificatesElsewhere({ configPath, dataDir, clock: context.clock });
  const files: BackedUp[] = [
    ...(existsSync(configPath) ? [{ path: "config/doorward.yaml", file: configPath }] : []),
    { path: `data/${database}`, file: copy },
    ...(await filesOf(dataDir)),
  ];
  const head: BackupHead = {
    kind: "backup",
    doorward: version,
    madeAtMs: context.clock.wallMs(),
    tables,
    keyElsewhere,
  };
  const part = `${target}.part`;
  stack.defer(() => rm(part, { force: true }));
  await mkdir(resolve(target, ".."), { recursive: true });
  const stream = createWriteStream(part, { flags: "w", mode: 0o600, flush: true });
  await pipeline(seal(writeEntries(head, files), passphrase, context.cost), stream, { signal: context.signal });
  await rename(part, target);
  return { files: files.length, bytes: (await stat(target)).size, keyElsewhere, notContained };
}

/** As it is at one moment, also while the hub writes; answers the version of its tables. */
async function copyDatabase(from: string, to: string): Promise<number> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5000 });
  using _closed = { [Symbol.dispose]: () => source.close() };
  await backup(source, to);
  const { user_version: tables } = source.prepare("PRAGMA user_version").get() as { user_version: number };
  return tables;
}
