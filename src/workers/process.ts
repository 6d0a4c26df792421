import { type ChildProcess, fork } from "node:child_process";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf, RecoverableError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { confine } from "./confine.ts";

/** Options of {@link WorkerProcess}. */
export interface WorkerProcessOptions<FromChild> {
  /** What it is called in the log and in errors, e.g. "webrtc worker". */
  readonly name: string;
  /** The child's main module: see {@link childModule}. It calls `serveParent`. */
  readonly module: URL;
  readonly clock: Clock;
  readonly log: Log;
  /** The child ends when nobody has held a lease for so long; 30 s unless told. */
  readonly idleMs?: number;
  /** Longest wait for the child's "ready"; 10 s unless told. */
  readonly readyMs?: number;
  /** Added to the child's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Node's own options for the child; none unless told. */
  readonly execArgv?: readonly string[];
  /** Called for each message of the running child. Must not throw. */
  readonly onMessage: (message: FromChild) => void;
  /** Called when a child starts, before anybody can post: the place for what it must hear first. */
  readonly onStart?: () => void;
  /** Called once for each child that ended although nobody ended it, with its signal or exit code. */
  readonly onLost?: (how: string) => void;
}

interface Running {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
}

const exitMs = 3000;

/**
 * One child process behind typed messages (structured clone, so bytes travel as they are). It starts at the first lease,
 * starts anew at the next one after it died, ends when nobody has leased it for a while, and never outlives its parent.
 * Its owner disposes it.
 */
export class WorkerProcess<ToChild extends object, FromChild extends object> implements AsyncDisposable {
  #running: Running | undefined;
  #leases = 0;
  #idle: Disposable | undefined;
  #ending: Promise<void> = Promise.resolve();
  #over = false;
  readonly #options: WorkerProcessOptions<FromChild>;

  constructor(options: WorkerProcessOptions<FromChild>) {
    this.#options = options;
  }

  /** Process id of the running child. */
  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /**
   * Keeps the child running until disposed; resolves when it is ready. A lease says nothing about a child that dies
   * meanwhile: `onLost` does. Throws RecoverableError `worker-start` when the child does not become ready.
   */
  async lease(): Promise<Disposable> {
    if (this.#over) throw new RecoverableError(`${this.#options.name}: closed`, { code: "worker-closed" });
    this.#leases++;
    this.#idle?.[Symbol.dispose]();
    const held = new DisposableStack();
    held.defer(() => this.#release());
    try {
      // What the child before holds (a UDP port) is free only when it is gone.
      await this.#ending;
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
    const child = this.#running?.child;
    if (!child?.connected) return false;
    child.send(message, undefined, {}, () => onSent?.());
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#stop();
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

  #start(): Running {
    const { name, module, log } = this.#options;
    const { execArgv, env } = confine();
    const child = fork(module, [], {
      serialization: "advanced",
      execArgv: [...execArgv, ...(this.#options.execArgv ?? [])],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { ...env, ...this.#options.env },
    });
    const ready = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const timeout = this.#options.clock.timer(this.#options.readyMs ?? 10_000, () => child.kill("SIGKILL"));
    const running: Running = { child, ready: ready.promise, ended: ended.promise };
    running.ready.catch(() => {});
    child.once("message", () => {
      timeout[Symbol.dispose]();
      child.on("message", (message) => this.#options.onMessage(message as FromChild));
      ready.resolve();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log.warn({ worker: name, text: text.slice(0, 2000) }, `${name} wrote to its standard error`);
    });
    child.on("error", (error) => log.warn({ worker: name }, `${name}: ${messageOf(error)}`));
    child.once("exit", (code, signal) => {
      timeout[Symbol.dispose]();
      const how = signal ?? `exit code ${code}`;
      ready.reject(new RecoverableError(`${name} did not start: ${how}`, { code: "worker-start" }));
      ended.resolve();
      this.#ended(running, how);
    });
    log.info({ worker: name, pid: child.pid }, `${name} started`);
    this.#running = running;
    this.#options.onStart?.();
    return running;
  }

  #ended(running: Running, how: string): void {
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

  async #end(running: Running): Promise<void> {
    running.child.ref();
    if (running.child.connected) running.child.disconnect();
    using _ = this.#options.clock.timer(exitMs, () => running.child.kill("SIGKILL"));
    await running.ended;
  }

  /** A leased child keeps this process alive, an idle one does not. */
  #hold(): void {
    const child = this.#running?.child;
    if (!child) return;
    const stderr = child.stderr as unknown as { ref?(): void; unref?(): void } | null;
    if (this.#leases > 0) {
      child.ref();
      child.channel?.ref();
      stderr?.ref?.();
    } else {
      child.unref();
      child.channel?.unref();
      stderr?.unref?.();
    }
  }
}

/** Address of a module beside the calling one, with the calling one's extension: `.ts` unbuilt, `.js` built. */
export function childModule(name: string, base: string): URL {
  return new URL(`${name}${base.endsWith(".ts") ? ".ts" : ".js"}`, base);
}

/**
 * The child's side: hears the parent's messages, says it is ready, and gives the function that answers. When the parent goes
 * away, for whatever reason, `onOrphaned` is called and the process ends.
 */
export function serveParent<ToChild, FromChild extends object>(options: {
  readonly onMessage: (message: ToChild) => void;
  readonly onOrphaned?: () => void;
}): (message: FromChild) => void {
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
