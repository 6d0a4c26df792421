import type { Clock } from "./clock.ts";

/** Calls `run` each `periodMs`, first after one, until disposed. A `run` that throws ends nothing but itself. */
export function every(clock: Clock, periodMs: number, run: () => void): Disposable {
  let timer = clock.timer(periodMs, tick);
  function tick(): void {
    timer = clock.timer(periodMs, tick);
    run();
  }
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
