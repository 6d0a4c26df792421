import { RecoverableError } from "../util/errors.ts";

/** Who wants something of the hub, and of which device. */
export interface Asker {
  /** Id of the person; absent for strangers. */
  readonly person?: string | undefined;
  readonly device?: string | undefined;
  /** Where they come from (`addressBlock`). */
  readonly block: string;
}

/** How much of one thing may go on at once: in all, and of that for one person, one device, one block of addresses. */
export interface Shares {
  readonly inAll: number;
  readonly perPerson: number;
  readonly perDevice: number;
  readonly perBlock: number;
}

/** A place that somebody has; disposing gives it back. */
export interface Place extends Disposable {
  /** From now on it counts among all. Throws as `wait` does when there is no place. */
  begin(): void;
}

/** What {@link Admission} is about, as its refusals say it. */
export interface AdmissionOptions {
  readonly shares: Shares;
  /** Code of the refusal; `busy` by default. */
  readonly code?: string | undefined;
  /** Begins the refusal: "too many pictures are open". */
  readonly refusal: string;
}

/** When to try again after a refusal, in seconds, as the refusal's text and `Retry-After` say. */
const retryAfterSeconds = 2;

/**
 * Places for one kind of work, counted from its start to its end, so that nobody keeps others out: a person, a device
 * and a block of addresses have a share each, and strangers together half of all. Whoever only waits for a device takes
 * nothing from others: `wait` counts against their own shares alone until `begin`.
 */
export class Admission {
  readonly #taken = new Map<string, number>();
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Places taken of all. */
  get size(): number {
    return this.#taken.get("all") ?? 0;
  }

  /** A place at once. Throws RecoverableError with `retryAfterSeconds` among its fields. */
  enter(asker: Asker): Place {
    const place = this.wait(asker);
    try {
      place.begin();
      return place;
    } catch (error) {
      place[Symbol.dispose]();
      throw error;
    }
  }

  /** A place for whoever waits first. Throws RecoverableError with `retryAfterSeconds` among its fields. */
  wait(asker: Asker): Place {
    const { perBlock, perDevice, perPerson, inAll } = this.#options.shares;
    const own = new Map([[`block ${asker.block}`, perBlock]]);
    if (asker.person !== undefined) own.set(`person ${asker.person}`, perPerson);
    if (asker.device !== undefined) own.set(`device ${asker.device}`, perDevice);
    const common = new Map([["all", inAll]]);
    if (asker.person === undefined) common.set("strangers", Math.floor(inAll / 2));
    const held: string[] = [];
    this.#take(own, held);
    return {
      begin: () => {
        // Nothing is held any more once the place was given back.
        if (held.length > 0 && !held.includes("all")) this.#take(common, held);
      },
      [Symbol.dispose]: () => {
        for (const key of held.splice(0)) this.#giveBack(key);
      },
    };
  }

  /** All of `wanted` or nothing. */
  #take(wanted: ReadonlyMap<string, number>, held: string[]): void {
    for (const [key, most] of wanted) if ((this.#taken.get(key) ?? 0) >= most) throw this.#refusal();
    for (const key of wanted.keys()) {
      this.#taken.set(key, (this.#taken.get(key) ?? 0) + 1);
      held.push(key);
    }
  }

  #giveBack(key: string): void {
    const left = (this.#taken.get(key) ?? 1) - 1;
    if (left > 0) this.#taken.set(key, left);
    else this.#taken.delete(key);
  }

  #refusal(): RecoverableError {
    const { code = "busy", refusal } = this.#options;
    return new RecoverableError(`${refusal}; try again in ${retryAfterSeconds} s`, {
      code,
      fields: { retryAfterSeconds },
    });
  }
}

/** A household is often one address: a block may have three quarters of all, and never everything. */
export function blockShare(inAll: number): number {
  return Math.ceil(inAll * 0.75);
}
