import { existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** What a worker's process is given and allowed. */
export interface Confinement {
  /** Node's options: the permission model (nodejs.org/api/permissions.html). */
  readonly execArgv: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a program needs to find its libraries, its language and its time zone; nothing of the hub's. */
const passedOn =
  /^(PATH|HOME|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|TMP|TEMP|SystemRoot|windir|LD_LIBRARY_PATH|NODE_COMPILE_CACHE|NODE_NO_WARNINGS|NODE_V8_COVERAGE)$/;

/**
 * Workers read bytes that strangers made. They get no part of the hub's environment (`DOORWARD_KEY`), and Node lets their
 * code read only the program itself, write only its cache of compiled modules, and start no process. Native code that
 * an attacker took over is not held by Node's permission model; the README of this folder says what is.
 */
export function confine(environment: NodeJS.ProcessEnv = process.env): Confinement {
  const cache = environment["NODE_COMPILE_CACHE"];
  const readable = [...programFolders(), ...(cache === undefined ? [] : [cache])];
  const execArgv = [
    "--permission",
    "--allow-addons",
    "--disable-warning=PERM0001", // Node warns of --allow-addons itself; README.md of this folder says what it means
    ...readable.map((folder) => `--allow-fs-read=${folder}`),
    ...(cache === undefined ? [] : [`--allow-fs-write=${cache}`]),
  ];
  const env = Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => passedOn.test(entry[0]) && !!entry[1]),
  );
  return { execArgv, env };
}

/**
 * The folders of packages that hold what is needed (npm, pnpm, a checkout), and the program's own code: in a checkout the
 * hub's data lie beside it.
 */
function programFolders(): readonly string[] {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const needed = realpathSync(createRequire(import.meta.url).resolve("node-datachannel"));
  const code = ["src", "dist", "package.json", join("test", "workers")].map((name) => join(root, name));
  const folders = [root, realpathSync(root), needed].map(outermostModules).filter((folder) => folder !== undefined);
  return [...new Set([...folders, ...code.filter((path) => existsSync(path))])];
}

function outermostModules(path: string): string | undefined {
  const parts = path.split(sep);
  const at = parts.indexOf("node_modules");
  return at < 0 ? undefined : parts.slice(0, at + 1).join(sep);
}
