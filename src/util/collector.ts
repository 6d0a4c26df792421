import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock } from "./clock.ts";
import { every } from "./every.ts";

/** Options of {@link trimWhenIdle}. */
export interface TrimOptions {
  readonly clock: Clock;
  readonly isBusy: () => boolean;
  /** Called before: what is kept ready may go as well. */
  readonly onIdle?: () => void;
  readonly signal: AbortSignal;
}

const checkEveryMs = 2000;
const youngEveryMs = 10_000;
/** Both halves. */
const youngBytes = 8 * 1024 * 1024;
/** A heap of thousands of devices takes half a second and more to collect at once: V8 does that in steps, at its own pace. */
const largeBytes = 96 * 1024 * 1024;

/**
 * Collects what a start leaves behind, 20 MB, in some 30 ms. Who watches from the first second on leaves no idle moment for
 * {@link trimWhenIdle}, and V8 would keep them for as long as they stay.
 */
export function collectStart(): void {
  if (getHeapStatistics().used_heap_size < largeBytes) collectGarbage({ type: "major" });
}

/**
 * Gives memory back to the system once after the start and each time the program has become idle: a collection of some
 * 20 ms at a moment when nobody waits. Loading the program leaves 20 MB behind that V8 would keep for long.
 */
export function trimWhenIdle(options: TrimOptions): void {
  let trimmed = false;
  const check = () => {
    if (options.signal.aborted) return;
    const busy = options.isBusy();
    if (!busy && !trimmed) {
      options.onIdle?.();
      if (getHeapStatistics().used_heap_size < largeBytes) collectGarbage({ type: "major", flavor: "last-resort" });
    }
    trimmed = !busy;
    options.clock.timer(checkEveryMs, check);
  };
  options.clock.timer(checkEveryMs, check);
}

/**
 * Lets the heap grow by 30 % of what lives before all of it is collected. V8's own rule leaves a program of our size a few MB,
 * and what of media goes through buffers outside of the heap counts (`media/frame-memory.ts` has the frames). Whoever allocates
 * little does not grow.
 */
export function collectSeldom(): void {
  setFlagsFromString("--heap-growing-percent=30");
}

/**
 * Lets young memory of 8 MB grow no more. V8's own limit is eight times that: what becomes garbage at once, which is nearly all of
 * media under way, would fill it first, and go through all of the processor's caches. `--max-semi-space-size`, which
 * `bin/supervise.mjs` sets to the same, is heard at the start alone; this holds however the program was started.
 */
export function keepYoungSmall({ clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }): void {
  const watching = every(clock, youngEveryMs, boundYoung);
  signal.addEventListener("abort", () => watching[Symbol.dispose](), { once: true });
}

/** It grows to twice as much whenever much of it lives on. */
function boundYoung(): void {
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  setFlagsFromString(`--semi-space-growth-factor=${(young?.space_size ?? 0) >= youngBytes ? 1 : 2}`);
}

/** V8's own collector, which it lends only under a flag. */
function collectGarbage(how: { readonly type: "major"; readonly flavor?: "last-resort" }): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: typeof how) => void;
  setFlagsFromString("--no-expose-gc");
  collect(how);
}
