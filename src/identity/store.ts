import { chmodSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { FatalError } from "../util/errors.ts";
import { migrations } from "./store-schema.ts";

/** One row as SQLite gives it. */
export type Row = Readonly<Record<string, null | number | bigint | string | Uint8Array>>;

/** Options of {@link openStore}. */
export interface StoreOptions {
  /** File of the database; `:memory:` for tests. Made when missing, mode 0600. */
  readonly path: string;
}

/**
 * What the product learns (people, sessions, tokens, audit, small settings), in one SQLite file: write-ahead log,
 * `synchronous` FULL, so that what was answered with success survives a power cut. Its opener disposes it.
 */
export class Store implements Disposable {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** All rows of a query. */
  all(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  /** The first row of a query, or undefined. */
  one(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  /** Runs a statement; answers how many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** Runs `work` so that all of it or nothing is kept. Not nestable. */
  transaction<Result>(work: () => Result): Result {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** A number that changes whenever another process has written to the file (the command line, for one). */
  get outsideVersion(): number {
    return Number(this.one("PRAGMA data_version")?.["data_version"]);
  }

  /** Keeps a small JSON value under `kind` and `id` (at most 64 KiB as text; else RangeError). */
  put(kind: string, id: string, value: unknown): void {
    const text = JSON.stringify(value);
    if (text.length > 65_536) throw new RangeError(`store ${kind}/${id}: value longer than 64 KiB`);
    this.run("INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", kind, id, text);
  }

  /** What `put` kept, or undefined. The caller checks its shape. */
  get(kind: string, id: string): unknown {
    const row = this.one("SELECT value FROM kept WHERE kind = ? AND id = ?", kind, id);
    return row && JSON.parse(String(row["value"]));
  }

  /** Forgets what `put` kept. */
  drop(kind: string, id: string): void {
    this.run("DELETE FROM kept WHERE kind = ? AND id = ?", kind, id);
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Opens the database and brings its tables up to date. Throws FatalError `store` when that is impossible. */
export function openStore(options: StoreOptions): Store {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(options.path, { timeout: 5000 });
    if (options.path !== ":memory:") chmodSync(options.path, 0o600);
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  } catch (cause) {
    throw new FatalError(`database cannot be opened: ${options.path}`, { code: "store", cause });
  }
  migrate(database, options.path);
  return new Store(database);
}

function migrate(database: DatabaseSync, path: string): void {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version > migrations.length) {
    database.close();
    throw new FatalError(`database is of a newer Doorward: ${path} (version ${version}, known ${migrations.length})`, {
      code: "store",
    });
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
