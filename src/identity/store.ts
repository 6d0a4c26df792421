import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { type Clock, systemClock } from "../util/clock.ts";
import { type Log, silentLog } from "../util/log.ts";
import { HastyWriter } from "./hasty-writer.ts";
import { type Change, statement } from "./statement.ts";
import { faultOf, StoreFault } from "./store-fault.ts";
import { openDatabase } from "./store-open.ts";
import { DirectWriter, openConnection, type StoreWriter } from "./store-writer.ts";
import { ThreadWriter } from "./thread-writer.ts";
import { type StoreHealth, WriteQueue } from "./write-queue.ts";

/** One row as SQLite gives it. */
export type Row = Readonly<Record<string, null | number | bigint | string | Uint8Array>>;

/** Options of {@link openStore}. */
export interface StoreOptions {
  /** File of the database; `:memory:` for tests. Made when missing, mode 0600. */
  readonly path: string;
  /**
   * Where writing is done: `thread` beside the hub's media, but for notes, which wait for nothing; `direct` on the calling
   * thread, for the command line and for tests (the default); or a writer that a test disturbs.
   */
  readonly writer?: "thread" | "direct" | ((path: string) => StoreWriter);
  readonly clock?: Clock;
  readonly log?: Log;
  /** Called when writing begins to fail, and when it works again. */
  readonly onHealth?: (health: StoreHealth) => void;
}

/** How long notes wait for others, so that a card need not sync for each. */
const gatherMs = 100;
/** A reader waits for nothing but another process that repairs the log after a crash. */
const readWaitMs = 50;
const closeWaitMs = 8000;

/**
 * What the product learns (people, sessions, tokens, audit, small settings), in one SQLite file: write-ahead log,
 * `synchronous` FULL, so that what was answered with success survives a power cut.
 *
 * - `read`, `one`: at once, from the last thing that was kept. In write-ahead mode a reader waits for no writer, no
 *   lock, and no sync.
 * - `write`: what somebody is told to have succeeded. Awaited; all of it is on the disk then. Throws StoreFault (code
 *   `store`, a sentence for people) when nothing can be kept now, FatalError with the code of a `refuseIf`.
 * - `note`: bookkeeping. Returns at once, never throws; written soon, together with others; bounded and counted. A power cut may
 *   take what was noted in the half minute before it, and nothing else.
 * - `insist`: what holds already (somebody signed out) and is written as soon as that is possible.
 *
 * Its opener disposes it: what waits is written then.
 */
export class Store implements AsyncDisposable {
  readonly #reader: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #queue: WriteQueue;
  readonly #clock: Clock;

  constructor(parts: { readonly reader: DatabaseSync; readonly queue: WriteQueue; readonly clock: Clock }) {
    this.#reader = parts.reader;
    this.#queue = parts.queue;
    this.#clock = parts.clock;
  }

  /** All rows of a query. Throws StoreFault when the file cannot be read. */
  read(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return this.#reading(() => this.#prepare(sql).all(...values) as Row[]);
  }

  /** The first row of a query, or undefined. Throws StoreFault when the file cannot be read. */
  one(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#reading(() => this.#prepare(sql).get(...values) as Row | undefined);
  }

  /** Keeps all of a change or nothing; answers how many rows each of its statements changed. */
  write(...change: Change): Promise<readonly number[]> {
    return this.#queue.write(change);
  }

  /** Notes a change that nobody waits for; a later one with the same `key` replaces it while it waits. */
  note(change: Change, key?: string): void {
    this.#queue.note(change, key);
  }

  /**
   * Notes what {@link put} would keep, unless it is kept already: what did not change is not written, which would start a thread
   * and wear a card for nothing. Throws RangeError as `put` does.
   */
  remember(kind: string, id: string, value: unknown): void {
    const change = putStatement(kind, id, value);
    if (!this.#queue.isIdle || !this.#keeps(kind, id, value)) this.note([change], `${kind} ${id}`);
  }

  /**
   * Makes a change that cannot be refused any more, now or as soon as it can be written. True when it is kept; false
   * when that did not work at once, or takes more than a second.
   */
  insist(change: Change, key: string): Promise<boolean> {
    return this.#queue.insist(change, key);
  }

  /** Resolves when all that was noted until now is kept, or cannot be kept now. */
  settled(): Promise<void> {
    return this.#queue.settled();
  }

  /** How the writing goes. */
  get health(): StoreHealth {
    return this.#queue.health;
  }

  /**
   * A number that changes whenever people, their grants, or the end of a session or token were kept, by this process or
   * another (the command line): kept by triggers of the database.
   */
  get identityVersion(): number {
    return Number(this.one("SELECT n FROM identity_version")?.["n"]);
  }

  /** Keeps a small JSON value under `kind` and `id` (at most 64 KiB as text; else RangeError). */
  async put(kind: string, id: string, value: unknown): Promise<void> {
    await this.write(putStatement(kind, id, value));
  }

  /** What `put` kept, or undefined. The caller checks its shape. */
  get(kind: string, id: string): unknown {
    const text = this.#textOf(kind, id);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Forgets what `put` kept. */
  async drop(kind: string, id: string): Promise<void> {
    await this.write(dropStatement(kind, id));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const late = new AbortController();
    // A disk that does not answer does not keep the hub from ending.
    await Promise.race([this.#queue.close(), this.#clock.sleep(closeWaitMs, late.signal).catch(() => {})]);
    late.abort();
    this.#statements.clear();
    if (this.#reader.isOpen) this.#reader.close();
  }

  #keeps(kind: string, id: string, value: unknown): boolean {
    try {
      return this.#textOf(kind, id) === JSON.stringify(value);
    } catch (error) {
      if (error instanceof StoreFault) return false;
      throw error;
    }
  }

  #textOf(kind: string, id: string): string | undefined {
    const row = this.one("SELECT value FROM kept WHERE kind = ? AND id = ?", kind, id);
    return row && String(row["value"]);
  }

  #reading<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      throw faultOf(error) ?? error;
    }
  }

  #prepare(sql: string): StatementSync {
    let prepared = this.#statements.get(sql);
    if (!prepared) {
      prepared = this.#reader.prepare(sql);
      this.#statements.set(sql, prepared);
    }
    return prepared;
  }
}

/** The statement of `put`, to be kept together with others. */
export function putStatement(kind: string, id: string, value: unknown): Change[number] {
  const text = JSON.stringify(value);
  if (text.length > 65_536) throw new RangeError(`store ${kind}/${id}: value longer than 64 KiB`);
  return statement(
    "INSERT INTO kept VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    kind,
    id,
    text,
  );
}

/** The statement of `drop`. */
export function dropStatement(kind: string, id: string): Change[number] {
  return statement("DELETE FROM kept WHERE kind = ? AND id = ?", kind, id);
}

/** Opens the database and brings its tables up to date. Throws FatalError `store` when that is impossible. */
export function openStore(options: StoreOptions): Store {
  const { path, clock = systemClock, log = silentLog, writer = "direct" } = options;
  const database = openDatabase(path);
  const direct = writer === "direct";
  const queue = new WriteQueue({
    writer: direct ? new DirectWriter(database) : writer === "thread" ? besideMedia(path, clock) : writer(path),
    clock,
    log,
    gatherMs: direct ? 0 : gatherMs,
    onHealth: options.onHealth,
  });
  if (direct) return new Store({ reader: database, queue, clock });
  database.close();
  const reader = openConnection(path, { waitMs: readWaitMs });
  reader.exec("PRAGMA query_only = ON");
  return new Store({ reader, queue, clock });
}

function besideMedia(path: string, clock: Clock): StoreWriter {
  return new HastyWriter({ path, clock, patient: new ThreadWriter({ path }) });
}
