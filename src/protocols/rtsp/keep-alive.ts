import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { type DoorwardError, FatalError, isAbort, RecoverableError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { QuirkCode } from "../rtp/quirks.ts";
import type { RtspResponse } from "./message.ts";

/** How a server is asked whether the session lives. "none": receiver reports have to do. */
export type KeepAliveMethod = "GET_PARAMETER" | "OPTIONS" | "none";

/** Options of {@link keepAlive}. */
export interface KeepAliveOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** After which the server ends a session that it does not hear of. */
  readonly timeoutMs: number;
  /** What to ask with, best first. */
  readonly methods: readonly KeepAliveMethod[];
  readonly ask: (method: string) => Promise<RtspResponse>;
  /** Resolves when the connection is over. */
  readonly lost: Promise<DoorwardError>;
  readonly onQuirk: (quirk: QuirkCode) => void;
  /** Called with what to ask with from now on, the next time as well. */
  readonly onMethod: (method: KeepAliveMethod) => void;
  readonly signal: AbortSignal;
}

/** Half of the server's patience, but at least twice a minute: what stands between may be less patient. */
function periodMs(timeoutMs: number): number {
  return Math.max(1000, Math.min(timeoutMs / 2, 30_000));
}

/** A connection that ends so soon after a question was ended by it. */
const hangUpMs = 1000;

/**
 * Asks the server regularly, so that it keeps the session, until `signal` aborts or the connection is over. Whatever it
 * answers is no reason to leave a camera that sends: the next way is tried, and silence of the media decides. A camera that
 * hangs up on a question is asked in the next way the next time. Never throws.
 */
export async function keepAlive(options: KeepAliveOptions): Promise<void> {
  const { clock, signal, log } = options;
  let over = false;
  let askedUs: number | undefined;
  let method: KeepAliveMethod = options.methods[0] ?? "OPTIONS";
  const ended = options.lost.then(() => {
    over = true;
    const hungUp = askedUs !== undefined && clock.nowUs() - askedUs < hangUpMs * 1000 && !signal.aborted;
    if (!hungUp) return;
    options.onQuirk("keep-alive-hang-up");
    options.onMethod(method === "GET_PARAMETER" ? "OPTIONS" : "none");
  });
  background(ended, (error) => log.error({ err: error }, "keep-alive: its owner failed"));
  while (method !== "none" && !over) {
    try {
      await clock.sleep(periodMs(options.timeoutMs), signal);
      askedUs = clock.nowUs();
      const { status } = await options.ask(method);
      if (status < 400) continue;
      log.debug({ method, status }, "keep-alive was refused");
    } catch (error) {
      if (isAbort(error)) return;
      if (!(error instanceof RecoverableError || error instanceof FatalError)) throw error;
      if (over || error.code === "connection-lost") return;
      log.debug({ method, code: error.code }, "keep-alive was not answered");
      if (error.code === "no-answer") continue; // a camera that streams but is slow to answer is no lost camera
    }
    if (method === "OPTIONS") continue;
    options.onQuirk("keep-alive");
    method = "OPTIONS";
    options.onMethod(method);
  }
}
