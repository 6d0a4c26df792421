import { networkInterfaces } from "node:os";
import type { findDevices } from "../../finding/find.ts";
import type { FoundDevice } from "../../finding/found.ts";
import { searchedNetworks } from "../../finding/networks.ts";
import { background } from "../../util/background.ts";
import type { Clock } from "../../util/clock.ts";
import { isAbort, messageOf } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";

/** Options of {@link DeviceSearch}. */
export interface DeviceSearchOptions {
  readonly find: typeof findDevices;
  readonly interfaces?: typeof networkInterfaces;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends a search that is under way. */
  readonly signal: AbortSignal;
}

/** How a search stands. */
export interface SearchState {
  readonly running: boolean;
  /** From 0 to 1. */
  readonly done: number;
  /** What is searched: `192.168.1.0/24`. */
  readonly networks: readonly string[];
  readonly found: readonly FoundDevice[];
}

/** The hub's search for devices on its own networks: one at a time, whoever asks for it; what was found last is kept. */
export class DeviceSearch {
  readonly #options: DeviceSearchOptions;
  #stop: AbortController | undefined;
  #state: SearchState = { running: false, done: 0, networks: [], found: [] };

  constructor(options: DeviceSearchOptions) {
    this.#options = options;
  }

  get state(): SearchState {
    return this.#state;
  }

  /** Begins anew, unless one is under way. True when it began. */
  start(): boolean {
    if (this.#state.running) return false;
    const { find, interfaces = networkInterfaces, clock, log, signal } = this.#options;
    const own = interfaces();
    const stop = new AbortController();
    this.#stop = stop;
    this.#state = { running: true, done: 0, networks: searchedNetworks(own).map(({ range }) => range), found: [] };
    const searching = find({
      ...{ interfaces: own, clock, signal: AbortSignal.any([stop.signal, signal]) },
      onFound: (device) =>
        this.#note({ found: [...this.#state.found.filter((one) => one.host !== device.host), device] }),
      onProgress: (done) => this.#note({ done }),
      onTrouble: (error) => log.warn({ err: error }, `a network was not searched as a whole: ${messageOf(error)}`),
    });
    background(
      searching.then((found) => this.#note({ found, done: 1 })).finally(() => this.#note({ running: false })),
      (err) => isAbort(err) || log.error({ err }, "the search for devices broke off"),
    );
    return true;
  }

  /** Ends it; what was found stays. */
  stop(): void {
    this.#stop?.abort();
  }

  #note(news: Partial<SearchState>): void {
    this.#state = { ...this.#state, ...news };
  }
}
