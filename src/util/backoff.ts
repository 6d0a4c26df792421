/** Options of {@link backoffDelayMs}. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Uniform random number in [0, 1); injected so that tests are deterministic. */
  readonly random?: () => number;
}

/**
 * Delay in milliseconds before try number `attempt` (0 for the first retry): doubling from `firstMs` to `maxMs`,
 * of which the upper half is random ("equal jitter"), so that devices that vanished together do not return together.
 */
export function backoffDelayMs(attempt: number, options: BackoffOptions): number {
  const ceiling = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 30));
  const random = options.random ?? Math.random;
  return Math.max(options.firstMs, Math.round(ceiling / 2 + (ceiling / 2) * random()));
}
