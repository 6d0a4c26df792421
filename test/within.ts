import { systemClock } from "../src/util/clock.ts";

/**
 * What `promise` gives; throws a sentence that names `what` when it has not come `ms` later. For waits that would hang for
 * ever where something is broken: the limit is far beyond what a loaded machine needs.
 */
export async function within<T>(what: string | (() => string), promise: Promise<T>, ms = 20_000): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  using _limit = systemClock.timer(ms, () => {
    reject(new Error(`not within ${ms / 1000} s: ${typeof what === "string" ? what : what()}`));
  });
  return await Promise.race([promise, late]);
}
