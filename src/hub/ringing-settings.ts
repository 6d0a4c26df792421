import { z } from "zod";
import { dropStatement, putStatement, type Store } from "../identity/store.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import { quietHoursSchema } from "./bell-settings.ts";

/** How somebody wants to be rung. */
export const personRingingSchema = z.strictObject({
  doNotDisturb: z.boolean().default(false).describe("True: nothing of theirs rings."),
  quiet: quietHoursSchema.default([]).describe("Hours in which nothing of theirs rings, by the house's clock."),
});

/** What somebody changes of it. */
export const ringingChangeSchema = z.strictObject({
  doNotDisturb: z.boolean().optional(),
  quiet: quietHoursSchema.optional(),
});

/** {@link personRingingSchema} */
export type PersonRinging = z.output<typeof personRingingSchema>;

const kind = "ringing";

/** How each person wants to be rung; kept in the database. */
export class RingingSettings {
  readonly #store: Store;
  readonly #changes: Listeners<string>;

  constructor({ store, log }: { readonly store: Store; readonly log: Log }) {
    this.#store = store;
    this.#changes = new Listeners((error) => log.error({ err: error }, "listener of ringing settings failed"));
  }

  /** Of a person, by id. */
  of(personId: string): PersonRinging {
    const kept = personRingingSchema.safeParse(this.#store.get(kind, personId) ?? {});
    return kept.success ? kept.data : personRingingSchema.parse({});
  }

  /** Changes them; resolves when they are kept. */
  async change(personId: string, patch: z.output<typeof ringingChangeSchema>): Promise<PersonRinging> {
    const next = { ...this.of(personId), ...patch };
    await this.#store.write(putStatement(kind, personId, next));
    this.#changes.emit(personId);
    return next;
  }

  /** Forgets a person who was removed. */
  forget(personId: string): void {
    this.#store.note([dropStatement(kind, personId)], `${kind} ${personId}`);
  }

  onChange(listener: (personId: string) => void): Disposable {
    return this.#changes.add(listener);
  }
}
