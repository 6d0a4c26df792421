import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf, RecoverableError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { type ChildLink, forkChild } from "./child-link.ts";

/** Options of {@link WorkerProcess}. */
export interface WorkerProcessOptions<ToChild, FromChild> {
  /** What it is called in the log and in errors, e.g. "webrtc worker". */
  readonly name: string;
  /** The child's main module, which calls `serveParent` (see {@link childModule}); or what starts another child, each time. */
  readonly module: URL | (() => ChildLink<ToChild, FromChild>);
  readonly clock: Clock;
  readonly log: Log;
  /** The child ends when nobody has held a lease for this time; 30 s by default. */
  readonly idleMs?: number;
  /** Longest wait for the child's "ready"; 10 s by default. */
  readonly readyMs?: number;
  /** Added to the child's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Node's own options for the child; none by default. */
  readonly execArgv?: readonly string[];
  /** Called for each message of the running child. Must not throw. */
  readonly onMessage: (message: FromChild) => void;
  /** Called when a child starts, before anybody can post: the place for what it must hear first. */
  readonly onStart?: () => void;
  /** Called once for each child that ended although nobody ended it, with its signal or exit code. */
  readonly onLost?: (how: string) => void;
}

interface Running<ToChild, FromChild> {
  readonly link: ChildLink<ToChild, FromChild>;
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
}

const exitMs = 3000;

/**
 * One child process behind typed messages (structured clone, so bytes travel as they are). It starts at the first lease,
 * starts again at the next one after it died, ends when nobody has leased it for a while, and never outlives its parent.
 * Its owner disposes it.
 */
export class WorkerProcess<ToChild extends object, FromChild extends object> implements AsyncDisposable {
  #running: Running<ToChild, FromChild> | undefined;
  #leases = 0;
  #idle: Disposable | undefined;
  #ending: Promise<void> = Promise.resolve();
  #over = false;
  readonly #options: WorkerProcessOptions<ToChild, FromChild>;

  constructor(options: WorkerProcessOptions<ToChild, FromChild>) {
    this.#options = options;
  }

  /** Process id of the running child. */
  get pid(): number | undefined {
    return this.#running?.link.child.pid;
  }

  /**
   * Keeps the child running until disposed; resolves when it is ready. A lease says nothing about a child that dies
   * meanwhile: `onLost` does. Throws RecoverableError `worker-start` when the child does not become ready, and
   * `worker-closed` once it is disposed, also of a lease that was still waiting then.
   */
  async lease(): Promise<Disposable> {
    if (this.#over) throw this.#closed();
    this.#leases++;
    this.#idle?.[Symbol.dispose]();
    const held = new DisposableStack();
    held.defer(() => this.#release());
    try {
      // What the child before holds (a UDP port) is free only when it is gone.
      await this.#ending;
      if (this.#over) throw this.#closed();
      this.#running ??= this.#start();
      this.#hold();
      await this.#running.ready;
      return held;
    } catch (error) {
      held.dispose();
      throw error;
    }
  }

  /** Sends a message; `onSent` is called when it has left this process. False when no child runs. */
  post(message: ToChild, onSent?: () => void): boolean {
    return this.#running?.link.post(message, onSent) ?? false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#stop();
  }

  #closed(): RecoverableError {
    return new RecoverableError(`${this.#options.name}: closed`, { code: "worker-closed" });
  }

  #release(): void {
    this.#leases--;
    this.#hold();
    if (this.#leases > 0 || !this.#running) return;
    this.#idle?.[Symbol.dispose]();
    this.#idle = this.#options.clock.timer(this.#options.idleMs ?? 30_000, () => {
      if (this.#leases === 0)
        background(this.#stop(), (err) =>
          this.#options.log.error({ err }, `${this.#options.name} did not end cleanly`),
        );
    });
  }

  #start(): Running<ToChild, FromChild> {
    const { name, module, log, execArgv, env } = this.#options;
    const link = typeof module === "function" ? module() : forkChild<ToChild, FromChild>({ module, execArgv, env });
    const { child } = link;
    const ready = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const timeout = this.#options.clock.timer(this.#options.readyMs ?? 10_000, () => child.kill("SIGKILL"));
    const running: Running<ToChild, FromChild> = { link, ready: ready.promise, ended: ended.promise };
    running.ready.catch(() => {});
    link.listen({
      onReady: () => {
        timeout[Symbol.dispose]();
        ready.resolve();
      },
      onMessage: (message) => this.#options.onMessage(message),
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log.warn({ worker: name, text: text.slice(0, 2000) }, `${name} wrote to its standard error`);
    });
    const over = (how: string) => {
      timeout[Symbol.dispose]();
      ready.reject(new RecoverableError(`${name} did not start: ${how}`, { code: "worker-start" }));
      ended.resolve();
      this.#ended(running, how);
    };
    child.on("error", (error) => {
      log.warn({ worker: name }, `${name}: ${messageOf(error)}`);
      // A program that could not be started never exits.
      if (child.pid === undefined) over(messageOf(error));
    });
    child.once("exit", (code, signal) => over(signal ?? `exit code ${code}`));
    log.info({ worker: name, pid: child.pid }, `${name} started`);
    this.#running = running;
    this.#options.onStart?.();
    return running;
  }

  #ended(running: Running<ToChild, FromChild>, how: string): void {
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#idle?.[Symbol.dispose]();
    this.#options.log.warn({ worker: this.#options.name, how }, `${this.#options.name} ended unexpectedly: ${how}`);
    this.#options.onLost?.(how);
  }

  async #stop(): Promise<void> {
    this.#idle?.[Symbol.dispose]();
    const running = this.#running;
    this.#running = undefined;
    if (running) this.#ending = this.#end(running);
    await this.#ending;
  }

  async #end({ link, ended }: Running<ToChild, FromChild>): Promise<void> {
    link.child.ref();
    link.end();
    using _ = this.#options.clock.timer(exitMs, () => link.child.kill("SIGKILL"));
    await ended;
  }

  /** A leased child keeps this process alive, an idle one does not. */
  #hold(): void {
    if (!this.#running) return;
    const { link } = this.#running;
    const stderr = link.child.stderr as unknown as { ref?(): void; unref?(): void } | null;
    if (this.#leases > 0) {
      link.child.ref();
      stderr?.ref?.();
      link.hold("alive");
    } else {
      link.child.unref();
      stderr?.unref?.();
      link.hold("loose");
    }
  }
}

/** Address of a module beside the calling one, with the calling one's extension: `.ts` unbuilt, `.js` built. */
export function childModule(name: string, base: string): URL {
  return new URL(`${name}${base.endsWith(".ts") ? ".ts" : ".js"}`, base);
}

/** Ctrl+C and a terminal that closes reach every process of a program; they are the hub's to handle, which ends this one when it is done. */
export function leaveSignalsToHub(): void {
  for (const name of ["SIGINT", "SIGHUP"] as const) process.on(name, () => {});
}

/**
 * The child's side: hears the parent's messages, says it is ready, and gives the function that answers. When the parent goes
 * away, for whatever reason, `onOrphaned` is called and the process ends.
 */
export function serveParent<ToChild, FromChild extends object>(options: {
  readonly onMessage: (message: ToChild) => void;
  readonly onOrphaned?: () => void;
}): (message: FromChild) => void {
  leaveSignalsToHub();
  process.on("message", (message) => options.onMessage(message as ToChild));
  process.once("disconnect", () => {
    options.onOrphaned?.();
    process.exit(0);
  });
  const post = (message: object): void => {
    // Without a callback, a parent that is just going away would be an exception here.
    if (process.connected) process.send?.(message, undefined, {}, () => {});
  };
  post({ type: "ready" });
  return post;
}
