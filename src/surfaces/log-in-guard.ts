import type { HashRank } from "../identity/password.ts";
import type { Clock } from "../util/clock.ts";
import { Buckets } from "./buckets.ts";
import { tooManyTries } from "./problem.ts";

/** Somebody who gives a password. */
export interface PasswordTry {
  /** The name that they give; for a session that confirms, its person's. */
  readonly account: string;
  /** Where they come from (`addressBlock`). */
  readonly block: string;
  /** The browser that signed in to this account before, or the session that confirms. */
  readonly known?: string | undefined;
}

/** A try that was counted. */
export interface CountedTry {
  /** Who is served first. */
  readonly rank: HashRank;
  /** The password was right: the try is given back. */
  succeeded(): void;
}

const minuteMs = 60_000;

/**
 * Limits the guessing of passwords. Strangers have 10 tries a minute for each block of addresses and 20 in a quarter of
 * an hour for each account, from wherever; whoever exceeds that is not heard, so the account cannot be guessed by many
 * together. A browser that signed in to the account before has tries of its own and goes ahead, so that nobody is locked
 * out by strangers (OWASP calls this device cookies). Tries are counted from their start.
 */
export class LogInGuard {
  readonly #blocks: Buckets;
  readonly #accounts: Buckets;
  readonly #known: Buckets;

  constructor(options: { readonly clock: Clock }) {
    const { clock } = options;
    this.#blocks = new Buckets({ clock, size: { tries: 10, perMs: minuteMs } });
    this.#accounts = new Buckets({ clock, size: { tries: 20, perMs: 15 * minuteMs } });
    this.#known = new Buckets({ clock, size: { tries: 10, perMs: 10 * minuteMs } });
  }

  /** Counts a try. Throws Problem 429 `too-many-tries` with the time after which it is of use again. */
  begin(attempt: PasswordTry): CountedTry {
    const { known, block } = attempt;
    if (known !== undefined) return this.#count([[this.#known, known]], 0);
    const account = attempt.account.normalize("NFC").trim().toLowerCase();
    // Whoever has just been wrong waits behind those who have not.
    const rank = this.#blocks.hasTried(block) ? 2 : 1;
    return this.#count(
      [
        [this.#blocks, block],
        [this.#accounts, account],
      ],
      rank,
    );
  }

  #count(from: readonly (readonly [Buckets, string])[], rank: HashRank): CountedTry {
    const seconds = Math.max(...from.map(([buckets, key]) => buckets.waitSeconds(key)));
    if (seconds > 0) throw tooManyTries(seconds);
    for (const [buckets, key] of from) buckets.take(key);
    return {
      rank,
      succeeded: () => {
        for (const [buckets, key] of from) buckets.giveBack(key);
      },
    };
  }
}
