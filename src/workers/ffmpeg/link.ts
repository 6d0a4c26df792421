import { backoffDelayMs } from "../../util/backoff.ts";
import type { Clock } from "../../util/clock.ts";
import { FatalError, RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { childModule, WorkerProcess } from "../process.ts";
import type { FromChild, Opened, StreamFrame, ToChild } from "./messages.ts";

/** Options of {@link FfmpegLink} and of `createConverter`. */
export interface FfmpegOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** The child ends when it had no job for this time; 30 s by default. */
  readonly idleMs?: number;
  /** Added to the child's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a job's owner wants to hear. Called synchronously; must not throw. */
export interface JobHandlers {
  opened?(opened: Opened): void;
  frames?(frames: readonly StreamFrame[]): void;
  /** The child took this many of the pushed frames, and left out so many pictures. */
  took?(frames: number, skipped: number): void;
  /** The child wants the next bytes. */
  need?(): void;
  /** All is through; the job is over. */
  end?(note: string | undefined): void;
  /** The job failed and is over. */
  failed(error: FatalError | RecoverableError): void;
  /** The child died, and the job with it; it may be opened again. */
  lost(): void;
}

/** After this many the worker is not tried again. */
const maxFalseStarts = 4;

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A message without its job's number. */
export type JobMessage = Without<ToChild, "id">;

/** The hub's end of a job. Disposing it ends the job. */
export interface JobHandle extends Disposable {
  send(message: JobMessage): void;
}

/** The jobs of the child process that owns FFmpeg. It is started by the first job, restarted when it dies, ended when idle. */
export class FfmpegLink implements AsyncDisposable {
  #jobs = new Map<number, JobHandlers>();
  /** Held while there is work. */
  #lease: Promise<Disposable> | undefined;
  /** There while the child runs; what is said before waits. */
  #post: ((message: ToChild) => void) | undefined;
  #waiting: ToChild[] = [];
  #restart: Disposable | undefined;
  #lastId = 0;
  #bornUs = 0;
  #deaths = 0;
  #asking = 0;
  /** Children in a row that ended before FFmpeg was loaded. */
  #falseStarts = 0;
  #available: PromiseWithResolvers<void> | undefined;
  #missing: FatalError | undefined;
  readonly #worker: WorkerProcess<ToChild, FromChild>;
  readonly #options: FfmpegOptions;

  constructor(options: FfmpegOptions) {
    this.#options = options;
    this.#worker = new WorkerProcess<ToChild, FromChild>({
      name: "ffmpeg worker",
      module: childModule("./child/main", import.meta.url),
      clock: options.clock,
      log: options.log,
      idleMs: options.idleMs,
      env: { UV_THREADPOOL_SIZE: "16", ...options.env },
      onMessage: (message) => this.#receive(message),
      onStart: () => {
        this.#bornUs = options.clock.nowUs();
        this.#falseStarts++;
      },
      onLost: () => this.#lost(),
    });
  }

  /** The child's process id while it runs. */
  get pid(): number | undefined {
    return this.#worker.pid;
  }

  /** Resolves once FFmpeg's libraries are known to load. Throws FatalError `no-ffmpeg` when they do not. */
  async available(): Promise<void> {
    if (this.#missing) throw this.#missing;
    this.#available ??= Promise.withResolvers();
    this.#available.promise.catch(() => {});
    this.#asking++;
    this.#start();
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
    this.#start();
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
    this.#missing ??= new FatalError("conversion refused: the hub is closing", { code: "closing" });
    this.#failAll(new RecoverableError("conversion ended: the hub is closing", { code: "closing" }));
    await this.#worker[Symbol.asyncDispose]();
  }

  #start(): void {
    if (this.#lease || this.#restart || this.#missing) return;
    const lease = this.#worker.lease();
    this.#lease = lease;
    lease.then(
      () => {
        if (this.#lease !== lease) return;
        this.#post = (message) => this.#worker.post(message);
        for (const message of this.#waiting.splice(0)) this.#post(message);
      },
      () => {}, // a child that does not start is lost: `onLost` is called
    );
  }

  #release(): void {
    this.#lease?.then(
      (lease) => lease[Symbol.dispose](),
      () => {},
    );
    this.#lease = undefined;
    this.#post = undefined;
  }

  /** Lets the child go idle when nothing is to be done. */
  #rest(): void {
    if (this.#jobs.size === 0 && this.#asking === 0) this.#release();
  }

  #lost(): void {
    const { clock } = this.#options;
    this.#release();
    if (this.#falseStarts >= maxFalseStarts) this.#giveUp("the worker ends while it loads it");
    this.#deaths = clock.nowUs() - this.#bornUs > 10_000_000 ? 0 : this.#deaths + 1;
    this.#restart?.[Symbol.dispose]();
    this.#restart = clock.timer(backoffDelayMs(this.#deaths, { firstMs: 50, maxMs: 1500 }), () => {
      this.#restart = undefined;
      if (this.#jobs.size > 0 || this.#asking > 0) this.#start();
    });
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    this.#waiting = [];
    for (const job of jobs) job.lost();
  }

  #send(message: ToChild): void {
    if (this.#post) this.#post(message);
    else this.#waiting.push(message);
  }

  #failAll(error: FatalError | RecoverableError): void {
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    this.#waiting = [];
    this.#release();
    for (const job of jobs) job.failed(error);
  }

  #receive(message: FromChild): void {
    if (message.type === "loaded") {
      this.#falseStarts = 0;
      this.#available ??= Promise.withResolvers();
      this.#available.resolve();
    } else if (message.type === "no-ffmpeg") this.#giveUp(message.reason);
    else this.#tell(message);
  }

  #tell(message: Extract<FromChild, { id: number }>): void {
    const job = this.#jobs.get(message.id);
    if (!job) return;
    if (message.type === "opened") job.opened?.(message.opened);
    else if (message.type === "frames") job.frames?.(message.frames);
    else if (message.type === "took") job.took?.(message.frames, message.skipped ?? 0);
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
      "nothing can be converted on this machine: the optional package node-av (FFmpeg) is not installed or does not load",
      { code: "no-ffmpeg", fields: { reason } },
    );
    this.#options.log.warn({ reason }, this.#missing.message);
    this.#available?.reject(this.#missing);
    this.#failAll(this.#missing);
  }

  #over(id: number): void {
    if (this.#jobs.delete(id)) this.#rest();
  }
}
