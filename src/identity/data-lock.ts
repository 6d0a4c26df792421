import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FatalError } from "../util/errors.ts";
import { faultOf } from "./store-fault.ts";

/**
 * Makes this process the only hub on a data folder until it is disposed or the process dies, however it dies: the lock
 * is the operating system's, taken through SQLite on the file `hub.lock`. Throws FatalError `in-use`.
 */
export function lockDataFolder(dataDir: string): Disposable {
  const pidFile = join(dataDir, "hub.pid");
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(dataDir, "hub.lock"), { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (cause) {
    if (database?.isOpen) database.close();
    throw refusal(dataDir, { pidFile, cause });
  }
  const held = database;
  return {
    [Symbol.dispose]: () => {
      if (held.isOpen) held.close();
    },
  };
}

function refusal(dataDir: string, how: { readonly pidFile: string; readonly cause: unknown }): FatalError {
  const { cause } = how;
  if (faultOf(cause)?.kind === "locked") {
    const who = holder(how.pidFile);
    const message = `another hub runs on ${dataDir}${who}: end it first, or give this one a folder of its own (--data)`;
    return new FatalError(message, { code: "in-use", cause });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new FatalError(`the data folder cannot be used: ${dataDir}: ${why}; may this user write there?`, {
    code: "store",
    cause,
  });
}

function holder(pidFile: string): string {
  try {
    return ` (process ${readFileSync(pidFile, "utf8").trim()})`;
  } catch {
    return ""; // told without its number
  }
}
