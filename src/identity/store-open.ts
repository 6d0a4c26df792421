import { chmodSync, renameSync, rmSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { FatalError } from "../util/errors.ts";
import { faultOf } from "./store-fault.ts";
import { migrations } from "./store-schema.ts";
import { lockWaitMs, openConnection } from "./store-writer.ts";

/**
 * Opens the database of the hub, made when missing (mode 0600), and brings its tables up to date; a copy of what it was
 * is left beside it then. Throws FatalError `store` with what a person has to do.
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = openConnection(path, { waitMs: lockWaitMs });
    if (path !== ":memory:") chmodSync(path, 0o600);
    migrate(database, path);
    return database;
  } catch (cause) {
    if (database?.isOpen) database.close();
    throw cause instanceof FatalError ? cause : refusal(path, cause);
  }
}

function refusal(path: string, cause: unknown): FatalError {
  const kind = faultOf(cause)?.kind;
  if (kind === "damaged") {
    return fatal(
      `database is damaged: ${path}: put back a copy of it (the hub leaves one named ${path}.before-... at each change ` +
        "of its tables), or move it away to start over with no people",
      cause,
    );
  }
  if (kind === "locked") return fatal(`database is locked by another program: ${path}: end that program first`, cause);
  if (kind === "full") return fatal(`database cannot be written: ${path}: the disk is full`, cause);
  return fatal(
    `database cannot be opened: ${path}: ${cause instanceof Error ? cause.message : cause}; is the folder there, and may ` +
      "this user write to it?",
    cause,
  );
}

function fatal(message: string, cause?: unknown): FatalError {
  return new FatalError(message, { code: "store", cause });
}

function migrate(database: DatabaseSync, path: string): void {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version > migrations.length) {
    throw fatal(
      `database is of a newer Doorward: ${path} (version ${version}, known ${migrations.length}): start that version, ` +
        "or put back the copy that it left beside the file",
    );
  }
  const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() as { tables: number };
  if (version === 0 && tables > 0) {
    throw fatal(
      `database has tables but no version: ${path}: another program wrote it or reset it; put back a copy, or move it ` +
        "away to start over with no people",
    );
  }
  if (version > 0 && version < migrations.length) copyBefore(database, { path, version: migrations.length });
  for (const [index, sql] of migrations.entries()) {
    if (index >= version) apply(database, { sql, version: index + 1, path });
  }
}

/** Leaves a copy, so that a change of the tables can be taken back. */
function copyBefore(database: DatabaseSync, what: { readonly path: string; readonly version: number }): void {
  if (what.path === ":memory:") return;
  const copy = `${what.path}.before-${what.version}`;
  rmSync(`${copy}.new`, { force: true });
  database.prepare("VACUUM INTO ?").run(`${copy}.new`);
  chmodSync(`${copy}.new`, 0o600);
  renameSync(`${copy}.new`, copy);
}

function apply(
  database: DatabaseSync,
  step: { readonly sql: string; readonly version: number; readonly path: string },
): void {
  try {
    database.exec(`BEGIN IMMEDIATE; ${step.sql}; PRAGMA user_version = ${step.version}; COMMIT`);
  } catch (cause) {
    if (database.isTransaction) database.exec("ROLLBACK");
    if (faultOf(cause)) throw cause;
    throw fatal(
      `database cannot be brought to version ${step.version}: ${step.path}: ${cause instanceof Error ? cause.message : cause}; ` +
        "its tables are not what this version left: put back a copy, or move it away to start over",
      cause,
    );
  }
}
