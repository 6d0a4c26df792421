import type { Clock } from "../../util/clock.ts";
import { frameMs } from "./sound-form.ts";

const stepUs = frameMs * 1000;
/** So far behind, the machine was asleep: what was missed is not made up for. */
const furthestBehindUs = 200_000;

/**
 * Calls `run` each 20 ms with the time it is for (ms), without drift. What was late is made up for, each time in a turn of its own: what
 * came meanwhile is read in between, and so does not miss the ticks it came for. Ends when disposed.
 */
export function every20Ms(clock: Clock, run: (nowMs: number) => void): Disposable {
  let dueUs = clock.nowUs();
  let timer: Disposable;
  const next = () => {
    const nowUs = clock.nowUs();
    if (nowUs - dueUs > furthestBehindUs) dueUs = nowUs;
    const forUs = dueUs;
    const isDue = forUs <= nowUs;
    if (isDue) dueUs += stepUs;
    timer = clock.timer(Math.max(0, (dueUs - nowUs) / 1000), next);
    if (isDue) run(forUs / 1000);
  };
  timer = clock.timer(0, next);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
