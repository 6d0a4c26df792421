import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";

/** What a command may use of the outside. */
export interface CommandContext {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  /** Aborts at Ctrl+C, at SIGTERM, and when the terminal closes (SIGHUP). */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole `--help` text. */
  readonly usage: string;
  /** Does it; resolves with the exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
  run(args: readonly string[], context: CommandContext): Promise<number>;
}

/** Wrong usage: one sentence, shown with a pointer to `--help`. */
export class UsageError extends Error {}
