import { type Clock, systemClock } from "../../../util/clock.ts";

/** The machine's monotonic clock in µs, the same in every process of it. */
export function machineUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** A clock that tells the hub's time in this process. `offsetUs` is `machineUs()` minus the hub's `nowUs()`. */
export function hubClock(offsetUs: number): Clock {
  const originUs = machineUs() - performance.now() * 1000 - offsetUs;
  return { ...systemClock, nowUs: () => Math.round(performance.now() * 1000 + originUs) };
}
