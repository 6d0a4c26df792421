import type { Clock } from "../util/clock.ts";
import type { Change, Outcome } from "./statement.ts";
import { type CommitHow, DirectWriter, openHasty, type StoreWriter } from "./store-writer.ts";

/** Options of {@link HastyWriter}. */
export interface HastyOptions {
  /** The database's file, which exists and is up to date. */
  readonly path: string;
  readonly clock: Clock;
  /** Takes what has to outlive a power cut, and whatever cannot be written at once. */
  readonly patient: StoreWriter;
}

/** A medium that once took longer to take a page is not written to from here again. */
const slowMs = 20;
/** Of batches: the patient writer then moves what the log has gathered into the database's file. */
const patientEvery = 256;

/**
 * Writes bookkeeping on the thread that calls it: with a write-ahead log and no wait for the disk that is a copy into the system's
 * cache, some 0.1 ms, where a thread costs 13 MB for good once it was started. Whatever would have to wait (for a lock, for the
 * disk) and whatever fails goes to the patient writer, which tells what is wrong.
 */
export class HastyWriter implements StoreWriter {
  readonly #options: HastyOptions;
  #here: DirectWriter | undefined;
  #slow = false;
  #batches = 0;

  constructor(options: HastyOptions) {
    this.#options = options;
  }

  async commit(batch: readonly Change[], how: CommitHow = {}): Promise<readonly Outcome[]> {
    const hasty = how.durable === false && !this.#slow && ++this.#batches % patientEvery !== 0;
    const outcomes = hasty ? await this.#atOnce(batch) : undefined;
    return outcomes ?? (await this.#options.patient.commit(batch, how));
  }

  async close(): Promise<void> {
    await this.#here?.close();
    await this.#options.patient.close();
  }

  /** Undefined where that did not work; nothing of the batch is kept then. */
  async #atOnce(batch: readonly Change[]): Promise<readonly Outcome[] | undefined> {
    const { clock, path } = this.#options;
    const beganUs = clock.nowUs();
    try {
      this.#here ??= new DirectWriter(openHasty(path));
      return await this.#here.commit(batch);
    } catch {
      return undefined;
    } finally {
      this.#slow = clock.nowUs() - beganUs > slowMs * 1000;
    }
  }
}
