import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { type Identity, openIdentity } from "../identity/identity.ts";
import type { CommandContext } from "./command.ts";

/** Opens the hub's database for one command and closes it again; `data` is the flag `--data`. */
export async function withIdentity(
  data: string | undefined,
  context: CommandContext,
  use: (identity: Identity) => Promise<number>,
): Promise<number> {
  const dataDir = resolve(data ?? process.env["DOORWARD_DATA"] ?? "data");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  await using identity = openIdentity({
    dataDir,
    clock: context.clock,
    sealKey: process.env["DOORWARD_KEY"],
    setupCode: false,
  });
  return await use(identity);
}
