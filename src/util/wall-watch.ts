import type { Clock } from "./clock.ts";
import { every } from "./every.ts";

/** The time of day was set while the hub ran. */
export interface WallJump {
  /** How far it moved, in milliseconds; negative when it was set back. */
  readonly byMs: number;
  /** What the clock said when it was last looked at, and when it was set before: times noted in between are as wrong. */
  readonly wrong: { readonly fromMs: number; readonly toMs: number };
}

const lookEveryMs = 10_000;
/** Less is a clock that is being corrected, not one that was wrong. */
const jumpMs = 60_000;

/**
 * Calls `onJump` when the wall clock moves by more than a minute against the monotonic one: a board without a battery has
 * learnt the time, a person set it, or the machine slept. Looks every 10 s until disposed, and whenever `look` is called:
 * by those who would otherwise draw a wrong conclusion from the new time.
 */
export function watchWallClock(clock: Clock, onJump: (jump: WallJump) => void): Disposable & { look(): void } {
  let sinceMs = clock.wallMs();
  let offsetMs = offset(clock);
  const look = () => {
    const byMs = Math.round(offset(clock) - offsetMs);
    if (Math.abs(byMs) < jumpMs) return;
    offsetMs += byMs;
    const jump = { byMs, wrong: { fromMs: sinceMs, toMs: clock.wallMs() - byMs } };
    sinceMs = clock.wallMs();
    onJump(jump);
  };
  const looking = every(clock, lookEveryMs, look);
  return { look, [Symbol.dispose]: () => looking[Symbol.dispose]() };
}

function offset(clock: Clock): number {
  return clock.wallMs() - clock.nowUs() / 1000;
}
