import type { Clock } from "../util/clock.ts";
import { placeOf } from "../util/error-place.ts";
import type { Faults } from "../util/faults.ts";
import type { Log } from "../util/log.ts";

/** Exit code after an error that nobody foresaw: whoever watches over the hub starts it again (sysexits.h, EX_SOFTWARE). */
export const crashed = 70;

/** Exit code of a start that may succeed later (EX_TEMPFAIL). */
export const tryAgain = 75;

/** Options of {@link lastResort}. */
export interface LastResortOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly faults: Faults;
  /** Ends the hub: too much went wrong for it to be trusted. */
  readonly giveUp: () => void;
  /** Where errors arrive; the process by default. */
  readonly source?: Pick<NodeJS.EventEmitter, "on" | "off">;
}

/** This many errors within the time below are more than a mishap. */
export const maxErrors = 10;
export const withinMs = 60_000;
/** How long `/health` speaks of an error after the last one. */
const toldMs = 60 * 60 * 1000;

/**
 * What happens to an error that nobody caught: it is logged with its place, told on `/health`, and the hub goes on, since
 * what threw was one callback or one promise, and everybody else's picture is worth more than its clean end. When errors
 * come in a row the hub ends cleanly instead.
 */
export function lastResort(options: LastResortOptions): Disposable {
  const { clock, log, faults, source = process } = options;
  let recentMs: number[] = [];
  let calm: Disposable | undefined;
  const take = (error: unknown, kind: string) => {
    const nowMs = clock.nowUs() / 1000;
    recentMs = [...recentMs.filter((ms) => ms > nowMs - withinMs), nowMs];
    log.error({ err: error, kind, place: placeOf(error) }, `unforeseen error: ${String(error)}`);
    faults.raise("unforeseen", {
      what: "Something went wrong in the hub that nobody foresaw",
      advice: "Please report it, with the hub's log of that moment. The hub goes on; starting it again does no harm.",
    });
    calm?.[Symbol.dispose]();
    calm = clock.timer(toldMs, () => faults.clear("unforeseen"));
    if (recentMs.length < maxErrors) return;
    log.error({ errors: recentMs.length }, "too many unforeseen errors: the hub ends, to be started again");
    options.giveUp();
  };
  const onException = (error: unknown) => take(error, "exception");
  const onRejection = (error: unknown) => take(error, "rejection");
  source.on("uncaughtException", onException);
  source.on("unhandledRejection", onRejection);
  return {
    [Symbol.dispose]: () => {
      calm?.[Symbol.dispose]();
      source.off("uncaughtException", onException);
      source.off("unhandledRejection", onRejection);
    },
  };
}
