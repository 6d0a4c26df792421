import type { Clock } from "./clock.ts";

/** What may end a wait before its time. */
export interface Limits {
  /** Its abort ends the wait, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the wait after `ms`, which then throws what `error` gives. */
  readonly within?: { readonly ms: number; readonly clock: Clock; readonly error: () => unknown } | undefined;
}

/**
 * `work`, unless a limit comes first. Takes its listener and its timer away again, whatever happens. A `work` that loses
 * is not stopped; if it fails later, nobody is told, and the process does not end of it.
 */
export async function until<T>(work: PromiseLike<T>, limits: Limits): Promise<T> {
  const { signal, within } = limits;
  const first = Promise.withResolvers<T>();
  work.then(first.resolve, first.reject);
  const onAbort = () => first.reject(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  using _timer = within?.clock.timer(within.ms, () => first.reject(within.error()));
  try {
    return await first.promise;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
