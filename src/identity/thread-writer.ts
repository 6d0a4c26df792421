import { Worker } from "node:worker_threads";
import type { Change, Outcome } from "./statement.ts";
import type { StoreWriter } from "./store-writer.ts";

/** What the thread is told. */
export type ToThread = { readonly type: "commit"; readonly batch: readonly Change[] } | { readonly type: "close" };

/** What the thread answers. */
export type FromThread =
  | { readonly type: "kept"; readonly outcomes: readonly Outcome[] }
  | { readonly type: "lost"; readonly message: string; readonly errcode: number };

/** Options of {@link ThreadWriter}. */
export interface ThreadOptions {
  /** The database's file, which exists and is up to date. */
  readonly path: string;
  /** How much longer each commit takes: a slow card, for tests. */
  readonly commitMs?: number;
}

interface Waiting {
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Writes in a thread of its own, which is started with the first batch and again when it died. What it was writing then
 * is reported as lost, although it may have been kept.
 */
export class ThreadWriter implements StoreWriter {
  readonly #options: ThreadOptions;
  #thread: Worker | undefined;
  #waiting: Waiting | undefined;

  constructor(options: ThreadOptions) {
    this.#options = options;
  }

  commit(batch: readonly Change[]): Promise<readonly Outcome[]> {
    return new Promise((resolve, reject) => {
      this.#thread ??= this.#start();
      this.#waiting = { resolve, reject };
      this.#thread.ref();
      this.#thread.postMessage({ type: "commit", batch } satisfies ToThread);
    });
  }

  async close(): Promise<void> {
    const thread = this.#thread;
    if (!thread) return;
    const gone = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
    thread.ref();
    thread.postMessage({ type: "close" } satisfies ToThread);
    await gone;
  }

  #start(): Worker {
    const file = import.meta.url.endsWith(".ts") ? "./store-thread.ts" : "./store-thread.js";
    const thread = new Worker(new URL(file, import.meta.url), {
      workerData: this.#options,
      execArgv: process.execArgv.filter((argument) => argument.startsWith("--disable-warning")),
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    thread.unref();
    thread.on("message", (answer: FromThread) => this.#answer(answer));
    thread.on("error", (error) => this.#lost(thread, error));
    thread.on("exit", () => this.#lost(thread, new Error("the writing thread ended")));
    return thread;
  }

  #answer(answer: FromThread): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#thread?.unref();
    if (answer.type === "kept") waiting?.resolve(answer.outcomes);
    else waiting?.reject(Object.assign(new Error(answer.message), { errcode: answer.errcode }));
  }

  #lost(thread: Worker, error: Error): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}
