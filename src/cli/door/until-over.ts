import { once } from "node:events";
import type { CommandContext } from "../command.ts";

/** Waits until Ctrl+C, for as long as it is told, or until what runs has ended by itself, whose error it throws. */
export async function untilOver(how: {
  readonly ended: Promise<void>;
  readonly runForMs: number | undefined;
  readonly context: CommandContext;
}): Promise<void> {
  const { ended, runForMs, context } = how;
  const { signal, clock } = context;
  if (signal.aborted) return;
  const over = new AbortController();
  using _time = runForMs === undefined ? undefined : clock.timer(runForMs, () => over.abort());
  // What runs holds a socket or waits by a timer that holds the process; between the two it is held here.
  const aborted = once(AbortSignal.any([signal, over.signal]), "abort");
  await Promise.race([ended, aborted]);
}
