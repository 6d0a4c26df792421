import type { Clock } from "../util/clock.ts";
import { DoorwardError, isAbort, messageOf } from "../util/errors.ts";
import { Patience } from "./patience.ts";

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
  /** How long it waits; as long as for a device that nobody watches unless given. */
  readonly patience?: Patience;
}

/**
 * Runs a driver until `signal` aborts: the only place that retries. A FatalError (wrong password) is tried at most once
 * in 30 s; everything else after 1 s, doubling to 30 s with jitter, to 5 s while somebody watches. Anything that is not one
 * of our errors is a fault of the driver; it is reported as such and retried like the others.
 */
export async function supervise(options: SuperviseOptions): Promise<void> {
  const { signal, clock, patience = new Patience(), random = Math.random } = options;
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
    const loss = { error, retryInMs: patience.delayMs(error, { attempt: attempt++, random }) };
    options.onLoss(loss);
    await patience.wait(loss, { clock, signal });
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

function swallowAbort(error: unknown): void {
  if (!isAbort(error)) throw error;
}
