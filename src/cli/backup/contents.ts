import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { configSchema } from "../../config.ts";
import { ConfigFile } from "../../hub/config-file.ts";
import { sealedWith } from "../../identity/identity.ts";
import { fingerprintOfKeyFile, keyPath } from "../../identity/seal.ts";
import type { Clock } from "../../util/clock.ts";
import type { BackedUp } from "./entries.ts";

/** What belongs to a running process, is copied otherwise, or is a copy itself. */
const leftOut =
  /^(hub\.(lock|pid)(-.*)?|doorward\.sqlite(-.*|\..*)?|setup-code|before-restore-.*|restore-.*|backup-.*)$/;

/** The files of a data folder that belong into a backup beside the database; a link to a file counts as that file. */
export async function filesOf(dataDir: string): Promise<readonly BackedUp[]> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  const areFiles = await Promise.all(entries.map(isFile));
  return entries
    .filter((_entry, index) => areFiles[index])
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ file, path: relative(dataDir, file).split(/[\\/]/) }))
    .filter(({ path: [top = ""] }) => !leftOut.test(top))
    .map(({ file, path }) => ({ file, path: ["data", ...path].join("/") }));
}

async function isFile(entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
  return found?.isFile() === true;
}

/** Whether the hub's secrets were sealed with another key than that in the folder; `database` is its copy. */
export function isKeyElsewhere(database: string, dataDir: string): boolean {
  const inFolder = fingerprintOfKeyFile(keyPath(dataDir));
  if (inFolder === undefined) return true;
  const source = new DatabaseSync(database, { readOnly: true });
  using _closed = { [Symbol.dispose]: () => source.close() };
  const row = source.prepare("SELECT value FROM kept WHERE kind = ? AND id = ?").get(...sealedWith);
  return row !== undefined && JSON.parse(String(row["value"])) !== inFolder;
}

/** Certificate and key of the configuration where they are outside the data folder; none where it cannot be read. */
export async function certificatesElsewhere(of: {
  readonly configPath: string;
  readonly dataDir: string;
  readonly clock: Clock;
}): Promise<readonly string[]> {
  const file = new ConfigFile({ path: of.configPath, schema: configSchema, clock: of.clock });
  const config = await file.read().catch(() => undefined);
  const named = config?.http.certificate;
  return named ? [named.certFile, named.keyFile].filter((one) => isOutside(resolve(one), resolve(of.dataDir))) : [];
}

function isOutside(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return path.startsWith("..") || isAbsolute(path);
}
