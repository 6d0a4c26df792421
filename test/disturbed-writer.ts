import type { Change, Outcome } from "../src/identity/statement.ts";
import type { StoreWriter } from "../src/identity/store-writer.ts";
import { ThreadWriter } from "../src/identity/thread-writer.ts";

/** A hub's writer that a test disturbs. */
export interface DisturbedWriter {
  /** Give it to whoever opens the store. */
  readonly open: (path: string) => StoreWriter;
  /** Batches since it was last armed. */
  readonly batches: number;
  /** From now on `fails` decides, by the number of each batch from 1, which ones find the disk full. */
  arm(fails: (batch: number) => boolean): void;
}

/** The real thread, in front of which batches are lost as on a full disk. */
export function disturbedWriter(options: { readonly commitMs?: number } = {}): DisturbedWriter {
  let count = 0;
  let fails: (batch: number) => boolean = () => false;
  const open = (path: string): StoreWriter => {
    const thread = new ThreadWriter({ path, ...options });
    return {
      commit: async (batch: readonly Change[]): Promise<readonly Outcome[]> => {
        if (fails(++count)) throw Object.assign(new Error("database or disk is full"), { errcode: 13 });
        return thread.commit(batch);
      },
      close: () => thread.close(),
    };
  };
  return {
    open,
    get batches() {
      return count;
    },
    arm: (next) => {
      count = 0;
      fails = next;
    },
  };
}
