import { RecoverableError } from "../util/errors.ts";

/**
 * Who is served first: 0 somebody known (a session, a browser that signed in before, the command line), 1 a stranger,
 * 2 a stranger who has been wrong a moment ago.
 */
export type HashRank = 0 | 1 | 2;

/** Options of {@link PasswordQueue}. */
export interface PasswordQueueOptions {
  /** How many are served at once. */
  readonly concurrency: number;
  /** How many known ones may wait, and how many strangers. */
  readonly queue: number;
}

interface Waiter {
  readonly rank: HashRank;
  readonly start: () => void;
  readonly refuse: (error: Error) => void;
}

/** What waits in a full line, at a quarter of a second for each, is through by then. */
const retryAfterSeconds = 5;

/**
 * The line before the hashing of passwords. Known people go ahead of strangers, and strangers are served half as many at
 * once as there is room for, so that a storm of strangers never makes known people wait for more than each other. In
 * a full line the last of the lowest rank gives way to a better one; RecoverableError `busy` for whoever has to go.
 */
export class PasswordQueue {
  readonly #options: PasswordQueueOptions;
  readonly #waiting: Waiter[] = [];
  #running = 0;
  #strangersRunning = 0;

  constructor(options: PasswordQueueOptions) {
    this.#options = options;
  }

  /** Runs `work` when its turn comes. Throws RecoverableError `busy`. */
  async run<Result>(rank: HashRank, work: () => Promise<Result>): Promise<Result> {
    if (this.#mayStart(rank)) this.#count(rank, 1);
    else await this.#turn(rank);
    try {
      return await work();
    } finally {
      this.#count(rank, -1);
      this.#next();
    }
  }

  #mayStart(rank: HashRank): boolean {
    const { concurrency } = this.#options;
    if (this.#running >= concurrency) return false;
    return rank === 0 || this.#strangersRunning < Math.max(1, Math.floor(concurrency / 2));
  }

  #turn(rank: HashRank): Promise<void> {
    this.#makeRoom(rank);
    return new Promise((start, refuse) => {
      const behind = this.#waiting.findIndex((other) => other.rank > rank);
      this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, { rank, start, refuse });
    });
  }

  #makeRoom(rank: HashRank): void {
    const alike = this.#waiting.filter((other) => other.rank > 0 === rank > 0);
    if (alike.length < this.#options.queue) return;
    const last = alike.at(-1);
    if (!last || last.rank <= rank) throw busy();
    this.#waiting.splice(this.#waiting.indexOf(last), 1);
    last.refuse(busy());
  }

  #next(): void {
    const at = this.#waiting.findIndex(({ rank }) => this.#mayStart(rank));
    if (at < 0) return;
    const [waiter] = this.#waiting.splice(at, 1);
    if (!waiter) return;
    // Counted here already: nobody may slip in before it goes on.
    this.#count(waiter.rank, 1);
    waiter.start();
  }

  #count(rank: HashRank, by: 1 | -1): void {
    this.#running += by;
    if (rank > 0) this.#strangersRunning += by;
  }
}

function busy(): RecoverableError {
  return new RecoverableError(`too many log-ins at once; try again in ${retryAfterSeconds} s`, {
    code: "busy",
    fields: { retryAfterSeconds },
  });
}
