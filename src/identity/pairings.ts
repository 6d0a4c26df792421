import { z } from "zod";
import type { Clock } from "../util/clock.ts";
import { every } from "../util/every.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import type { Credentials } from "./credentials.ts";
import { Policy, type Principal } from "./policy.ts";
import { dropStatement, putStatement, type Store } from "./store.ts";
import type { Users } from "./users.ts";

/** Programs that show the house elsewhere, and name themselves when they come. */
export const pairedPrograms = ["home-assistant"] as const;

/** One of {@link pairedPrograms}. */
export type PairedProgram = (typeof pairedPrograms)[number];

/** A program that has come with a token which still counts; whether it is there now is another question. */
export interface Pairing {
  readonly program: PairedProgram;
  /** As whom it comes, with what its token may do at most. */
  readonly principal: Principal;
}

const kind = "pairing";
const keptSchema = z.object({ userId: z.string(), program: z.enum(pairedPrograms) });
/** The command line may take a token away, and tokens grow too old. */
const lookEveryMs = 10_000;

/**
 * Which programs are paired with this hub, by their tokens: from the moment in which one comes and names itself until its token is
 * taken away or too old. What is told of over MQTT depends on it in the whole hub, so only a token of somebody who may administer
 * everywhere counts, whatever the token itself is for. Kept over restarts. Its opener disposes it.
 */
export class Pairings implements Disposable {
  readonly #options;
  readonly #policy: Policy;
  readonly #pairings = new Map<string, Pairing>();
  readonly #changes: Listeners<void>;
  readonly #held = new DisposableStack();
  #looking: Disposable | undefined;

  constructor(options: {
    readonly store: Pick<Store, "read" | "note">;
    readonly users: Pick<Users, "get" | "onChange" | "rightsOf">;
    readonly credentials: Pick<Credentials, "isAlive" | "tokens">;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#options = options;
    this.#policy = new Policy(options.users);
    this.#changes = new Listeners((err) => options.log.error({ err }, "listener of pairings failed"));
    for (const { id, value } of options.store.read("SELECT id, value FROM kept WHERE kind = ?", kind)) {
      const { data } = keptSchema.safeParse(JSON.parse(String(value)));
      if (data) this.#load(String(id), data);
    }
    this.#held.use(options.users.onChange(() => this.#look()));
    this.#watch();
  }

  list(): readonly Pairing[] {
    return [...this.#pairings.values()];
  }

  /** Somebody came with a token and this word for themselves; any other word, and any session, is no pairing. */
  came(who: Principal, word: string): void {
    // For whom it asks this time says nothing of what the token is for.
    const { behalf: _, ...principal } = who;
    const { credentialId: id, userId } = principal;
    const program = pairedPrograms.find((one) => word === one || word.startsWith(`${one}/`));
    if (principal.via !== "token" || !program || this.#pairings.get(id)?.program === program) return;
    if (!this.#counts(principal)) return;
    this.#options.store.note([putStatement(kind, id, { userId, program })], `${kind} ${id}`);
    this.#pairings.set(id, { program, principal });
    this.#watch();
    this.#changes.emit();
  }

  /** Calls `listener` when a pairing began or ended. */
  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }

  [Symbol.dispose](): void {
    this.#held.dispose();
    this.#looking?.[Symbol.dispose]();
  }

  #load(id: string, { userId, program }: z.infer<typeof keptSchema>): void {
    const name = this.#options.users.get(userId)?.name ?? "";
    const limits = this.#options.credentials.tokens(userId).find((token) => token.id === id)?.grants;
    const principal: Principal = { userId, name, via: "token", credentialId: id, ...(limits && { limits }) };
    if (this.#counts(principal)) this.#pairings.set(id, { program, principal });
    else this.#forget(id);
  }

  /** The token is there, and its person may administer the hub; its own limits do not matter. */
  #counts({ limits: _, ...person }: Principal): boolean {
    return this.#policy.allows(person, "administer");
  }

  #watch(): void {
    if (this.#pairings.size > 0) this.#looking ??= every(this.#options.clock, lookEveryMs, () => this.#look());
  }

  #look(): void {
    const gone = [...this.#pairings].filter(([, { principal }]) => !this.#counts(principal));
    for (const [id] of gone) this.#forget(id);
    if (this.#pairings.size === 0) {
      this.#looking?.[Symbol.dispose]();
      this.#looking = undefined;
    }
    if (gone.length > 0) this.#changes.emit();
  }

  #forget(id: string): void {
    this.#pairings.delete(id);
    this.#options.store.note([dropStatement(kind, id)], `${kind} ${id}`);
  }
}
