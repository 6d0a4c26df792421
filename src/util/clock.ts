import { setTimeout as wait } from "node:timers/promises";

/** Time as a parameter: whatever depends on time takes one of these, so that tests drive it. */
export interface Clock {
  /** Monotonic time in microseconds; the hub's one media clock. Integer. */
  nowUs(): number;
  /** Wall-clock time in milliseconds since 1970 (UTC). */
  wallMs(): number;
  /** Resolves after `delayMs`; rejects with an AbortError when `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `delayMs` unless the returned handle is disposed before. Never keeps the process alive. */
  timer(delayMs: number, run: () => void): Disposable;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  nowUs: () => Math.round(performance.now() * 1000),
  wallMs: () => Date.now(),
  sleep: (delayMs, signal) => wait(delayMs, undefined, signal ? { signal } : {}),
  timer: (delayMs, run) => new SystemTimer(delayMs, run),
};

/** A class: an object literal with a computed key is made by V8's slow way, each time. */
class SystemTimer implements Disposable {
  readonly #handle: NodeJS.Timeout;

  constructor(delayMs: number, run: () => void) {
    this.#handle = setTimeout(run, delayMs);
    this.#handle.unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#handle);
  }
}

/** The same time; what throws in a timer goes to `onError` instead of ending the process. */
export function guardTimers(clock: Clock, onError: (error: unknown) => void): Clock {
  return {
    nowUs: () => clock.nowUs(),
    wallMs: () => clock.wallMs(),
    sleep: (delayMs, signal) => clock.sleep(delayMs, signal),
    timer: (delayMs, run) =>
      clock.timer(delayMs, () => {
        try {
          run();
        } catch (error) {
          onError(error);
        }
      }),
  };
}

interface Waiter {
  readonly atUs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until `advance` is called: what tests use instead of sleeping. */
export class ManualClock implements Clock {
  #nowUs = 0;
  #order = 0;
  #waiters: Waiter[] = [];
  #epochMs: number;

  constructor(epochMs = 1_800_000_000_000) {
    this.#epochMs = epochMs;
  }

  nowUs(): number {
    return this.#nowUs;
  }

  wallMs(): number {
    return this.#epochMs + Math.floor(this.#nowUs / 1000);
  }

  /** Sets the wall clock, as a person or the network does; the monotonic time goes on untouched. */
  setWallMs(wallMs: number): void {
    this.#epochMs += wallMs - this.wallMs();
  }

  /** How many timers and sleeps are pending. */
  get pending(): number {
    return this.#waiters.length;
  }

  timer(delayMs: number, run: () => void): Disposable {
    const waiter = { atUs: this.#nowUs + Math.max(0, Math.round(delayMs * 1000)), order: this.#order++, run };
    this.#waiters.push(waiter);
    return {
      [Symbol.dispose]: () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
      },
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(signal));
      const onAbort = () => {
        handle[Symbol.dispose]();
        reject(abortError(signal));
      };
      const handle = this.timer(delayMs, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Moves time on by `ms`, running what falls due in order, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const endUs = this.#nowUs + Math.round(ms * 1000);
    await settle();
    for (let due = this.#nextDue(endUs); due; due = this.#nextDue(endUs)) {
      this.#nowUs = Math.max(this.#nowUs, due.atUs);
      this.#waiters = this.#waiters.filter((other) => other !== due);
      due.run();
      await settle();
    }
    this.#nowUs = endUs;
  }

  #nextDue(endUs: number): Waiter | undefined {
    let best: Waiter | undefined;
    for (const waiter of this.#waiters) {
      if (waiter.atUs > endUs) continue;
      if (!best || waiter.atUs < best.atUs || (waiter.atUs === best.atUs && waiter.order < best.order)) best = waiter;
    }
    return best;
  }
}

function abortError(signal: AbortSignal | undefined): Error {
  return Object.assign(new Error("The operation was aborted", { cause: signal?.reason }), { name: "AbortError" });
}

async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
