import { type ChildProcess, fork } from "node:child_process";
import { backoffDelayMs } from "../../util/backoff.ts";
import type { Clock } from "../../util/clock.ts";
import { FatalError, RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { FromChild, Opened, StreamFrame, ToChild } from "./messages.ts";

/** Options of {@link FfmpegLink} and of `createConverter`. */
export interface FfmpegOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The child ends when it had no job for so long; 30 s unless told. */
  readonly idleMs?: number;
  /** Added to the child's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a job's owner wants to hear. Called synchronously; must not throw. */
export interface JobHandlers {
  opened?(opened: Opened): void;
  frames?(frames: readonly StreamFrame[]): void;
  /** The child took so many pushed frames. */
  took?(frames: number): void;
  /** The child wants the next bytes. */
  need?(): void;
  /** All is through; the job is over. */
  end?(note: string | undefined): void;
  /** The job failed and is over. */
  failed(error: FatalError | RecoverableError): void;
  /** The child died, and the job with it; it may be opened again. */
  lost(): void;
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A message without its job's number. */
export type JobMessage = Without<ToChild, "id">;

/** The hub's end of a job. Disposing it ends the job. */
export interface JobHandle extends Disposable {
  send(message: JobMessage): void;
}

interface Living {
  readonly child: ChildProcess;
  readonly bornUs: number;
}

/** The child process that owns FFmpeg: started by the first job, restarted when it dies, ended when idle. */
export class FfmpegLink implements AsyncDisposable {
  #living: Living | undefined;
  #jobs = new Map<number, JobHandlers>();
  #waiting: ToChild[] = [];
  #restart: Disposable | undefined;
  #idle: Disposable | undefined;
  #lastId = 0;
  #deaths = 0;
  #asking = 0;
  #available: PromiseWithResolvers<void> | undefined;
  #missing: FatalError | undefined;
  readonly #options: FfmpegOptions;

  constructor(options: FfmpegOptions) {
    this.#options = options;
  }

  /** The child's process id while it runs. */
  get pid(): number | undefined {
    return this.#living?.child.pid;
  }

  /** Jobs that are open. */
  get jobCount(): number {
    return this.#jobs.size;
  }

  /** Resolves once FFmpeg's libraries are known to load. Throws FatalError `no-ffmpeg` when they do not. */
  async available(): Promise<void> {
    if (this.#missing) throw this.#missing;
    this.#available ??= Promise.withResolvers();
    this.#available.promise.catch(() => {});
    this.#asking++;
    this.#start();
    this.#hold();
    try {
      await this.#available.promise;
    } finally {
      this.#asking--;
      this.#rest();
    }
  }

  /** Opens a job. */
  open(message: JobMessage, handlers: JobHandlers): JobHandle {
    const id = ++this.#lastId;
    if (this.#missing) {
      const error = this.#missing;
      queueMicrotask(() => handlers.failed(error));
      return { send: () => {}, [Symbol.dispose]: () => {} };
    }
    this.#jobs.set(id, handlers);
    this.#idle?.[Symbol.dispose]();
    this.#start();
    this.#hold();
    const send = (next: JobMessage): void => {
      if (this.#jobs.has(id)) this.#send({ ...next, id } as ToChild);
    };
    send(message);
    return {
      send,
      [Symbol.dispose]: () => {
        send({ op: "close" });
        this.#over(id);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#restart?.[Symbol.dispose]();
    this.#idle?.[Symbol.dispose]();
    this.#waiting = [];
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    const living = this.#stop();
    for (const job of jobs)
      job.failed(new RecoverableError("conversion ended: the hub is closing", { code: "closing" }));
    if (living && living.child.exitCode === null && living.child.signalCode === null) {
      living.child.ref();
      await new Promise<void>((resolve) => living.child.once("exit", () => resolve()));
    }
  }

  #start(): void {
    if (this.#living || this.#restart || this.#missing) return;
    const file = import.meta.url.endsWith(".ts") ? "./child/main.ts" : "./child/main.js";
    const child = fork(new URL(file, import.meta.url), [], {
      serialization: "advanced",
      execArgv: [],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      env: { ...process.env, UV_THREADPOOL_SIZE: "16", ...this.#options.env },
    });
    const living = { child, bornUs: this.#options.clock.nowUs() };
    this.#living = living;
    child.on("message", (message: FromChild) => this.#receive(message));
    child.on("error", (error) => this.#options.log.warn({ error: error.message }, "ffmpeg worker: process error"));
    child.once("exit", (code, signal) => this.#died(living, signal ?? String(code)));
    for (const message of this.#waiting.splice(0)) this.#send(message);
    this.#hold();
  }

  #stop(): Living | undefined {
    const living = this.#living;
    this.#living = undefined;
    if (living?.child.connected) living.child.disconnect();
    return living;
  }

  #died(living: Living, how: string): void {
    if (this.#living !== living) return;
    this.#living = undefined;
    const livedMs = (this.#options.clock.nowUs() - living.bornUs) / 1000;
    this.#deaths = livedMs > 10_000 ? 0 : this.#deaths + 1;
    this.#options.log.warn({ how, jobs: this.#jobs.size }, "ffmpeg worker: ended unexpectedly");
    const delayMs = backoffDelayMs(this.#deaths, { firstMs: 50, maxMs: 1500 });
    this.#restart = this.#options.clock.timer(delayMs, () => {
      this.#restart = undefined;
      if (this.#jobs.size > 0 || this.#available) this.#start();
    });
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    this.#waiting = [];
    for (const job of jobs) job.lost();
  }

  #send(message: ToChild): void {
    if (this.#living?.child.connected) this.#living.child.send(message);
    else if (!this.#living) this.#waiting.push(message);
  }

  #receive(message: FromChild): void {
    if (message.type === "ready") this.#available?.resolve();
    else if (message.type === "no-ffmpeg") this.#giveUp(message.reason);
    else this.#tell(message);
  }

  #tell(message: Extract<FromChild, { id: number }>): void {
    const job = this.#jobs.get(message.id);
    if (!job) return;
    if (message.type === "opened") job.opened?.(message.opened);
    else if (message.type === "frames") job.frames?.(message.frames);
    else if (message.type === "took") job.took?.(message.frames);
    else if (message.type === "need") job.need?.();
    else {
      this.#over(message.id);
      if (message.type === "end") job.end?.(message.note);
      else {
        const Kind = message.fatal ? FatalError : RecoverableError;
        job.failed(new Kind(message.message, { code: message.code }));
      }
    }
  }

  #giveUp(reason: string): void {
    this.#missing = new FatalError(
      "sound cannot be converted on this machine: the optional package node-av (FFmpeg) is not installed or does not load",
      { code: "no-ffmpeg", fields: { reason } },
    );
    this.#options.log.warn({ reason }, this.#missing.message);
    this.#available?.reject(this.#missing);
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    this.#stop();
    for (const job of jobs) job.failed(this.#missing);
  }

  #over(id: number): void {
    if (this.#jobs.delete(id)) this.#rest();
  }

  #rest(): void {
    if (this.#jobs.size > 0 || this.#asking > 0) return;
    this.#hold();
    this.#idle?.[Symbol.dispose]();
    this.#idle = this.#options.clock.timer(this.#options.idleMs ?? 30_000, () => {
      if (this.#jobs.size === 0) this.#stop();
    });
  }

  /** A child with work keeps the process alive, an idle one does not. */
  #hold(): void {
    const child = this.#living?.child;
    if (!child) return;
    if (this.#jobs.size > 0 || this.#asking > 0) {
      child.ref();
      child.channel?.ref();
    } else {
      child.unref();
      child.channel?.unref();
    }
  }
}
