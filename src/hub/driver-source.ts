import type { Driver } from "../device/driver.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import { Patience } from "./patience.ts";
import type { DeviceSource, MakeSource, SourceHost } from "./source.ts";
import { type Loss, supervise } from "./supervise.ts";

/** Options of {@link driverSource}. */
export interface DriverSourceOptions {
  readonly driver: Driver;
  /** Already checked by the driver's schema. */
  readonly config: unknown;
  readonly clock: Clock;
  readonly log: Log;
  readonly random?: () => number;
}

/** One supervised run. */
interface Run {
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** A driver that has not let go of its device after this time is logged; nobody else may have the device meanwhile. */
const slowToLetGoMs = 10_000;

/** A source that is called: a driver under supervision while the device is wanted. */
export function driverSource(options: DriverSourceOptions): MakeSource {
  return (host) => new DriverSource(host, options);
}

/**
 * Runs the driver while it is wanted. Two runs never stand side by side: whatever is asked for while one is letting go
 * of the device (demand, restart, close, in any order) is done when it has.
 */
class DriverSource implements DeviceSource {
  readonly atRest = "idle";
  readonly kind: string;
  readonly can: DeviceSource["can"];
  #wanted = false;
  #closed = false;
  #run: Run | undefined;
  #notBeforeUs = 0;
  readonly #patience = new Patience();
  readonly #host: SourceHost;
  readonly #options: DriverSourceOptions;

  constructor(host: SourceHost, options: DriverSourceOptions) {
    this.#host = host;
    this.#options = options;
    this.kind = options.driver.kind;
    this.can = options.driver.can;
  }

  want(wanted: boolean): void {
    this.#wanted = wanted && !this.#closed;
    if (!this.#wanted) this.#run?.stop.abort();
    else if (this.#run?.stop.signal.aborted) this.#host.connecting();
    this.#startIfWanted();
  }

  watched(watched: boolean): void {
    this.#patience.watched = watched;
  }

  async restart(): Promise<void> {
    this.#notBeforeUs = 0;
    await this.#letGo();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#wanted = false;
    await this.#letGo();
  }

  async #letGo(): Promise<void> {
    const run = this.#run;
    run?.stop.abort();
    await run?.done;
  }

  #startIfWanted(): void {
    if (!this.#wanted || this.#run) return;
    const stop = new AbortController();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    // First: who is told that it connects may want the device at once, and must find this run.
    this.#run = { stop, done };
    this.#host.connecting();
    resolve(this.#serve(stop.signal).then(() => this.#ended()));
    this.#complainWhenSlow(stop.signal, done);
  }

  #ended(): void {
    this.#run = undefined;
    if (this.#wanted) this.#startIfWanted();
    else this.#host.rested();
  }

  async #serve(signal: AbortSignal): Promise<void> {
    const { driver, config, clock, log, random } = this.#options;
    try {
      await supervise({
        clock,
        random,
        signal,
        notBeforeUs: this.#notBeforeUs,
        patience: this.#patience,
        onAttempt: () => this.#host.connecting(),
        onLoss: (loss) => this.#lost(loss),
        run: async ({ ready, signal }) => {
          using loan = this.#host.lend(signal, {
            ready: () => {
              ready();
              this.#notBeforeUs = 0;
            },
          });
          await driver.run(loan.device, config);
        },
      });
    } catch (error) {
      log.error({ err: error }, "supervisor failed");
    }
  }

  #lost(loss: Loss): void {
    if (loss.error.code === "wrong-password") {
      this.#notBeforeUs = this.#options.clock.nowUs() + loss.retryInMs * 1000;
    }
    this.#host.lost(loss);
  }

  #complainWhenSlow(signal: AbortSignal, done: Promise<void>): void {
    const { clock, log } = this.#options;
    const wait = () => {
      const timer = clock.timer(slowToLetGoMs, () => {
        log.warn(
          { kind: this.kind },
          `driver ${this.kind} has not let go of its device after ${slowToLetGoMs / 1000} s`,
        );
      });
      background(
        done.finally(() => timer[Symbol.dispose]()),
        () => {}, // it never fails
      );
    };
    signal.addEventListener("abort", wait, { once: true });
  }
}
