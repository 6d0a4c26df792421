import { Worker } from "node:worker_threads";
import { type Clock, systemClock } from "../util/clock.ts";
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

/** A thread takes 10 MB; starting it takes the next change some 40 ms. */
const idleMs = 30_000;

interface Waiting {
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Writes in a thread of its own, which is started with the first batch, ends when nothing was written for half a minute, and is
 * started again after that and when it died. What it was writing then is reported as lost, although it may have been kept.
 */
export class ThreadWriter implements StoreWriter {
  readonly #options: ThreadOptions;
  readonly #clock: Clock;
  #idle: Disposable | undefined;
  /** A thread that was told to end and may not have yet. */
  #ending: Promise<void> | undefined;
  #thread: Worker | undefined;
  #waiting: Waiting | undefined;

  constructor({ clock = systemClock, ...options }: ThreadOptions & { readonly clock?: Clock }) {
    this.#options = options;
    this.#clock = clock;
  }

  commit(batch: readonly Change[]): Promise<readonly Outcome[]> {
    this.#idle?.[Symbol.dispose]();
    return new Promise((resolve, reject) => {
      this.#thread ??= this.#start();
      this.#waiting = { resolve, reject };
      this.#thread.ref();
      this.#thread.postMessage({ type: "commit", batch } satisfies ToThread);
    });
  }

  async close(): Promise<void> {
    this.#idle?.[Symbol.dispose]();
    await Promise.all([this.#ending, this.#thread && end(this.#thread)]);
  }

  /** The next batch is for another thread, which SQLite lets wait for this one's last. */
  #rest(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread) this.#ending = end(thread);
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
    this.#idle = this.#clock.timer(idleMs, () => this.#rest());
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

/** Resolves when it has ended. */
function end(thread: Worker): Promise<void> {
  const gone = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
  thread.ref();
  thread.postMessage({ type: "close" } satisfies ToThread);
  return gone;
}
