import { backoffDelayMs } from "../util/backoff.ts";
import type { Clock } from "../util/clock.ts";
import { RecoverableError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { type Change, errorOf, type Outcome } from "./statement.ts";
import { asFault, StoreFault } from "./store-fault.ts";
import type { StoreWriter } from "./store-writer.ts";

/** How the writing goes. */
export interface StoreHealth {
  /** Why nothing can be written now; undefined when all is well. */
  readonly fault: StoreFault | undefined;
  /** Wall-clock time in milliseconds since which it is so. */
  readonly sinceMs: number | undefined;
  /** Changes that wait to be written. */
  readonly waiting: number;
  /** Notes that found the queue full and are lost, since the start. */
  readonly lost: number;
  /** Batches written, since the start. */
  readonly commits: number;
  /** Batches that could not be written, since the start. */
  readonly failures: number;
  /** How long the last batch took, in milliseconds. */
  readonly lastCommitMs: number;
}

/** Options of {@link WriteQueue}. */
export interface WriteQueueOptions {
  readonly writer: StoreWriter;
  readonly clock: Clock;
  readonly log: Log;
  /** How long notes are gathered before they are written together. 0: at once. */
  readonly gatherMs: number;
  /** Called when a fault begins and when it is over. */
  readonly onHealth?: (health: StoreHealth) => void;
}

interface Write {
  readonly change: Change;
  readonly resolve: (rows: readonly number[]) => void;
  readonly reject: (error: Error) => void;
  readonly deadline: Disposable;
}

interface Note {
  readonly change: Change;
  readonly told: ((kept: boolean) => void)[];
}

/** Notes kept while nothing can be written; later ones are lost, and counted. */
export const maxNotes = 10_000;
/** Changes that people wait for; more are refused. */
export const maxWrites = 1000;
/** A batch that takes longer is reported as a fault. */
export const silentMs = 3000;
/** Nobody waits longer than this for a change (a stranger's socket may be silent for 10 s); it may still be kept then. */
export const deadlineMs = 8000;
/** Nobody waits longer than this for a change that is insisted on. */
export const patienceMs = 1000;

const maxBatch = 512;
const retry = { firstMs: 500, maxMs: 5000 };

/**
 * Gathers changes and gives them to the writer batch by batch, what people wait for first. While nothing can be written
 * it tries again, with backoff, and tells so once.
 */
export class WriteQueue {
  readonly #options: WriteQueueOptions;
  readonly #writes: Write[] = [];
  readonly #notes = new Map<string, Note>();
  #noteNumber = 0;
  #running: Promise<void> | undefined;
  #later: Disposable | undefined;
  #fault: StoreFault | undefined;
  #sinceMs: number | undefined;
  #attempts = 0;
  #lost = 0;
  #lostUntold = 0;
  #commits = 0;
  #failures = 0;
  #lastCommitMs = 0;
  #closed = false;

  constructor(options: WriteQueueOptions) {
    this.#options = options;
  }

  get health(): StoreHealth {
    return {
      fault: this.#fault,
      sinceMs: this.#sinceMs,
      waiting: this.#writes.length + this.#notes.size,
      lost: this.#lost,
      commits: this.#commits,
      failures: this.#failures,
      lastCommitMs: this.#lastCommitMs,
    };
  }

  /** Nothing waits or is being written: what is on the disk is all that there is. */
  get isIdle(): boolean {
    return this.#running === undefined && this.#writes.length + this.#notes.size === 0;
  }

  /** Resolves when the change is kept, with the rows that each statement changed. */
  write(change: Change): Promise<readonly number[]> {
    if (this.#closed) return Promise.reject(new RecoverableError("the hub is ending", { code: "store" }));
    if (this.#writes.length >= maxWrites) {
      return Promise.reject(new RecoverableError("too many changes wait for the disk: try again", { code: "busy" }));
    }
    return new Promise((resolve, reject) => {
      const deadline = this.#options.clock.timer(deadlineMs, () => this.#giveUp(write));
      const write = { change, resolve, reject, deadline };
      this.#writes.push(write);
      this.#pump();
    });
  }

  /** Takes a change that nobody waits for. A later note with the same key replaces one that was not written yet. */
  note(change: Change, key?: string): void {
    if (this.#closed) return;
    const replaces = key !== undefined && this.#notes.has(key);
    if (!replaces && this.#notes.size >= maxNotes) {
      this.#lost++;
      this.#lostUntold++;
      return;
    }
    this.#keepNote({ change, told: [] }, key);
  }

  /** Takes a change that has to be made sooner or later. False as soon as the first try failed; it goes on trying. */
  async insist(change: Change, key: string): Promise<boolean> {
    if (this.#closed) return false;
    const kept = Promise.withResolvers<boolean>();
    using _patience = this.#options.clock.timer(patienceMs, () => kept.resolve(false));
    this.#keepNote({ change, told: [...(this.#notes.get(key)?.told ?? []), kept.resolve] }, key);
    this.#pump();
    return await kept.promise;
  }

  /** Resolves when what is waiting now was written, or could not be. */
  async settled(): Promise<void> {
    if (this.#running) await this.#running;
    if (this.#notes.size + this.#writes.length === 0) return;
    this.#pump();
    await this.#running;
  }

  /** Writes what can still be written, and ends. */
  async close(): Promise<void> {
    this.#closed = true;
    const before = this.#failures;
    while (this.#notes.size + this.#writes.length > 0 && this.#failures === before) await this.settled();
    this.#later?.[Symbol.dispose]();
    await this.#running;
    if (this.#notes.size > 0) {
      this.#options.log.error({ waiting: this.#notes.size }, "store: what waited to be written is lost");
    }
    await this.#options.writer.close();
  }

  #keepNote(note: Note, key = `#${this.#noteNumber++}`): void {
    this.#notes.set(key, note);
    // While nothing can be written the next try is planned already.
    if (this.#running || this.#later) return;
    if (this.#options.gatherMs === 0) this.#pump();
    else this.#pumpAfter(this.#options.gatherMs);
  }

  #pumpAfter(delayMs: number): void {
    this.#later = this.#options.clock.timer(delayMs, () => {
      this.#later = undefined;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#running) return;
    this.#later?.[Symbol.dispose]();
    this.#later = undefined;
    this.#running = this.#commit().finally(() => {
      this.#running = undefined;
      if (this.#writes.length > 0) this.#pump();
      else if (this.#fault) this.#pumpAfter(backoffDelayMs(this.#attempts++, retry));
      else if (this.#notes.size > 0) this.#pumpAfter(this.#options.gatherMs);
    });
  }

  #giveUp(write: Write): void {
    const index = this.#writes.indexOf(write);
    if (index >= 0) this.#writes.splice(index, 1);
    write.reject(new StoreFault("silent"));
  }

  async #commit(): Promise<void> {
    const { clock, writer } = this.#options;
    const writes = this.#writes.splice(0, maxBatch);
    const notes = [...this.#notes].slice(0, Math.max(0, maxBatch - writes.length));
    const batch = [...writes.map(({ change }) => change), ...notes.map(([, { change }]) => change)];
    const beganUs = clock.nowUs();
    using _silence = clock.timer(silentMs, () => this.#failed(new StoreFault("silent")));
    try {
      // While there is a fault, an empty batch would prove nothing.
      const durable = batch.length === 0 || writes.length > 0 || notes.some(([, { told }]) => told.length > 0);
      const outcomes = await writer.commit(batch.length > 0 ? batch : [probe], { durable });
      this.#lastCommitMs = (clock.nowUs() - beganUs) / 1000;
      this.#settle(writes, outcomes);
      this.#settleNotes(notes, outcomes.slice(writes.length));
      this.#wrote();
    } catch (error) {
      this.#lastCommitMs = (clock.nowUs() - beganUs) / 1000;
      const fault = asFault(error);
      this.#failures++;
      this.#failed(fault);
      for (const { reject, deadline } of writes) {
        deadline[Symbol.dispose]();
        reject(fault);
      }
      for (const [, { told }] of notes) for (const tell of told.splice(0)) tell(false);
    }
  }

  #settle(writes: readonly Write[], outcomes: readonly Outcome[]): void {
    for (const [index, { resolve, reject, deadline }] of writes.entries()) {
      deadline[Symbol.dispose]();
      const outcome = outcomes[index];
      if (outcome?.kind === "kept") resolve(outcome.rows);
      else reject(outcome ? errorOf(outcome) : new Error("the writer gave no answer"));
    }
  }

  #settleNotes(notes: readonly (readonly [string, Note])[], outcomes: readonly Outcome[]): void {
    for (const [index, [key, note]] of notes.entries()) {
      // A newer note of the same key came meanwhile: that one is still to be written.
      if (this.#notes.get(key) === note) this.#notes.delete(key);
      const outcome = outcomes[index];
      if (outcome && outcome.kind !== "kept") {
        this.#options.log.error({ err: errorOf(outcome), sql: note.change[0]?.sql }, "store: a note was not kept");
      }
      for (const tell of note.told.splice(0)) tell(outcome?.kind === "kept");
    }
  }

  #wrote(): void {
    this.#commits++;
    this.#attempts = 0;
    if (!this.#fault) return;
    const { log } = this.#options;
    const lost = this.#lostUntold;
    log.warn({ kind: this.#fault.kind, failures: this.#failures, lost }, "store: writing works again");
    this.#fault = undefined;
    this.#sinceMs = undefined;
    this.#lostUntold = 0;
    this.#tell();
  }

  #failed(fault: StoreFault): void {
    const { clock, log } = this.#options;
    const isNew = this.#fault?.kind !== fault.kind;
    this.#fault = fault;
    this.#sinceMs ??= clock.wallMs();
    if (!isNew) return;
    log.error({ err: fault.cause, kind: fault.kind }, `store: ${fault.what}; ${fault.advice}`);
    this.#tell();
  }

  #tell(): void {
    try {
      this.#options.onHealth?.(this.health);
    } catch (error) {
      this.#options.log.error({ err: error }, "store: its listener failed");
    }
  }
}

/** A change that proves that something can be written. */
const probe: Change = [
  { sql: "INSERT INTO kept VALUES ('store', 'probe', '1') ON CONFLICT DO UPDATE SET value = '1'", values: [] },
];
