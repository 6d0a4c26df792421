import { DatabaseSync, type StatementSync } from "node:sqlite";
import { messageOf } from "../util/errors.ts";
import type { Change, Outcome } from "./statement.ts";
import { errcodeOf, faultOf } from "./store-fault.ts";

/**
 * Where changes are kept. One batch at a time: it is kept with one wait for the disk, or it rejects and nothing of it
 * was kept. A change within it may be refused by itself.
 */
export interface StoreWriter {
  commit(batch: readonly Change[], how?: CommitHow): Promise<readonly Outcome[]>;
  /** Ends after what was begun. */
  close(): Promise<void>;
}

/** Options of {@link StoreWriter.commit}. */
export interface CommitHow {
  /** False where the batch need not outlive a power cut of the next half minute. True by default. */
  readonly durable?: boolean;
}

/** How long a writer waits for another program's lock; twice this is less than a socket may be silent. */
export const lockWaitMs = 2500;

/** Opens the file for writing, with the settings that every connection of ours has. */
export function openConnection(path: string, options: { readonly waitMs: number }): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: options.waitMs });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  return database;
}

/** One that waits for nothing: no lock, no sync, and what the log gathers is left to the others. */
export function openHasty(path: string): DatabaseSync {
  const database = openConnection(path, { waitMs: 0 });
  database.exec("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0");
  return database;
}

/** Writes on the thread that calls it; the thread of `store-thread.ts` stands on it. */
export class DirectWriter implements StoreWriter {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async commit(batch: readonly Change[]): Promise<readonly Outcome[]> {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const outcomes = batch.map((change) => this.#apply(change));
      this.#database.exec("COMMIT");
      return outcomes;
    } catch (error) {
      // SQLite ends the transaction itself after some faults (a full disk).
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #apply(change: Change): Outcome {
    this.#database.exec("SAVEPOINT change");
    const outcome = this.#run(change);
    if (outcome.kind !== "kept") this.#database.exec("ROLLBACK TO change");
    this.#database.exec("RELEASE change");
    return outcome;
  }

  #run(change: Change): Outcome {
    const rows: number[] = [];
    try {
      for (const { sql, values, refuse } of change) {
        const prepared = this.#prepare(sql);
        if (!refuse) rows.push(Number(prepared.run(...values).changes));
        else if (prepared.get(...values)) return { kind: "refused", refusal: refuse };
        else rows.push(0);
      }
      return { kind: "kept", rows };
    } catch (error) {
      if (faultOf(error) || !this.#database.isTransaction) throw error;
      return { kind: "failed", message: messageOf(error), errcode: errcodeOf(error) ?? 0 };
    }
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
