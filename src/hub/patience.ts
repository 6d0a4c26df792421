import { backoffDelayMs } from "../util/backoff.ts";
import type { Clock } from "../util/clock.ts";
import { type DoorwardError, FatalError, isAbort } from "../util/errors.ts";

/** Delays of the supervisor: 1 to 30 s with jitter; what only a person can mend is tried every 30 to 60 s. */
const backoff = { firstMs: 1000, maxMs: 30_000 };
const fatalDelayMs = 30_000;
/** The longest while somebody watches. */
const watchedMaxMs = 5000;
/** A device is left alone for so long after it was lost, whoever comes. */
const leastMs = 1000;

/**
 * How long a device in trouble is left alone: a shorter time while somebody watches, and no longer when somebody comes to
 * watch. A refused password is never tried sooner for that: cameras shut out whoever guesses.
 */
export class Patience {
  #watched = false;
  #asked = new AbortController();

  /** Whether somebody watches; whoever begins to is not kept waiting. */
  set watched(watched: boolean) {
    this.#watched = watched;
    if (watched) this.hurry();
  }

  /** Somebody wants it tried now. */
  hurry(): void {
    this.#asked.abort();
  }

  /** The wait before the next try in milliseconds, after `attempt` failures in a row (0 is the first). */
  delayMs(error: DoorwardError, how: { readonly attempt: number; readonly random: () => number }): number {
    if (error instanceof FatalError) return fatalDelayMs + Math.round(fatalDelayMs * how.random());
    const maxMs = this.#watched ? watchedMaxMs : backoff.maxMs;
    return backoffDelayMs(how.attempt, { ...backoff, maxMs, random: how.random });
  }

  /** Waits until the device may be tried again, or `signal` aborts. */
  async wait(
    loss: { readonly error: DoorwardError; readonly retryInMs: number },
    how: { readonly clock: Clock; readonly signal: AbortSignal },
  ): Promise<void> {
    const { clock, signal } = how;
    this.#asked = new AbortController();
    const leave = (ms: number, until: AbortSignal) => clock.sleep(ms, until).catch(swallowAbort);
    if (loss.error.code === "wrong-password") return leave(loss.retryInMs, signal);
    await leave(Math.min(leastMs, loss.retryInMs), signal);
    const rest = AbortSignal.any([signal, this.#asked.signal]);
    if (loss.retryInMs > leastMs && !rest.aborted) await leave(loss.retryInMs - leastMs, rest);
  }
}

function swallowAbort(error: unknown): void {
  if (!isAbort(error)) throw error;
}
