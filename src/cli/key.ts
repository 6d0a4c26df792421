import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { lockDataFolder } from "../identity/data-lock.ts";
import { sealedWith } from "../identity/identity.ts";
import { keyPath, openSealer } from "../identity/seal.ts";
import { openStore } from "../identity/store.ts";
import { type Command, type CommandContext, UsageError } from "./command.ts";

const usage = `usage: doorward key new [--data DIR]

Makes a new key for stored passwords, for when the old one is lost. The hub must not be running. What was sealed with the
old key can be opened no more: enter the passwords of the devices again. An old key file is kept as key.old.

  --data DIR   folder of the hub's data (default: data, or $DOORWARD_DATA)

exit code: 0 done, 1 refused, 2 wrong usage
`;

/** `doorward key`. */
export const command: Command = { name: "key", summary: "make a new key for stored passwords", usage, run };

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { data: { type: "string" } },
  });
  if (positionals[0] !== "new") throw new UsageError(`"${positionals[0] ?? ""}" is not new`);
  const dataDir = resolve(values.data ?? process.env["DOORWARD_DATA"] ?? "data");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  using _lock = lockDataFolder(dataDir);
  await using store = openStore({ path: join(dataDir, "doorward.sqlite"), clock: context.clock, log: context.log });
  const path = keyPath(dataDir);
  if (existsSync(path)) renameSync(path, `${path}.old`);
  openSealer({ dataDir });
  await store.drop(...sealedWith);
  context.stdout.write(`made ${path}; enter the passwords of the devices again\n`);
  return 0;
}
