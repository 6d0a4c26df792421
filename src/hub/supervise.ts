import { backoffDelayMs } from "../util/backoff.ts";
import type { Clock } from "../util/clock.ts";
import { DoorwardError, FatalError, isAbort, messageOf } from "../util/errors.ts";

/** Why a run of a driver ended, and when it is tried again. */
export interface Loss {
  readonly error: DoorwardError;
  /** Delay before the next try in milliseconds. */
  readonly retryInMs: number;
}

/** Options of {@link supervise}. */
export interface SuperviseOptions {
  /** One try. `ready` resets the backoff. */
  readonly run: (hooks: { readonly ready: () => void; readonly signal: AbortSignal }) => Promise<void>;
  readonly onAttempt?: (attempt: number) => void;
  readonly onLoss: (loss: Loss) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random?: () => number;
  /** No try before this hub time (µs): a refusal by an earlier run still counts. */
  readonly notBeforeUs?: number;
}

/** Delays of the supervisor: 1 to 30 s with jitter; what only a person can mend is tried every 30 to 60 s. */
const backoff = { firstMs: 1000, maxMs: 30_000 };
const fatalDelayMs = 30_000;

/**
 * Runs a driver until `signal` aborts: the only place that retries. A FatalError (wrong password) is tried at most once
 * in 30 s; everything else after 1 s, doubling to 30 s with jitter. Anything that is not one of our errors is a fault of
 * the driver; it is reported as such and retried like the others.
 */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const { signal, clock } = options;
  let attempt = 0;
  let tries = 0;
  const waitMs = ((options.notBeforeUs ?? 0) - clock.nowUs()) / 1000;
  if (waitMs > 0) await clock.sleep(waitMs, signal).catch(swallowAbort);
  while (!signal.aborted) {
    options.onAttempt?.(tries++);
    const error = await tryOnce(options, () => {
      attempt = 0;
    });
    if (signal.aborted) return;
    const retryInMs = retryDelayMs(error, attempt++, options.random ?? Math.random);
    options.onLoss({ error, retryInMs });
    await clock.sleep(retryInMs, signal).catch(swallowAbort);
  }
}

async function tryOnce(options: SuperviseOptions, ready: () => void): Promise<DoorwardError> {
  const own = new AbortController();
  const signal = AbortSignal.any([options.signal, own.signal]);
  try {
    await options.run({ ready, signal });
    return new DoorwardError("connection ended: the device closed it", { code: "ended" });
  } catch (error) {
    if (error instanceof DoorwardError) return error;
    return new DoorwardError(`driver fault: ${messageOf(error)}`, { code: "driver-fault", cause: error });
  } finally {
    own.abort();
  }
}

function retryDelayMs(error: DoorwardError, attempt: number, random: () => number): number {
  if (error instanceof FatalError) return fatalDelayMs + Math.round(fatalDelayMs * random());
  return backoffDelayMs(attempt, { ...backoff, random });
}

function swallowAbort(error: unknown): void {
  if (!isAbort(error)) throw error;
}
