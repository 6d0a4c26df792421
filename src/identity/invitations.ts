import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../util/clock.ts";
import { FatalError } from "../util/errors.ts";
import { type Change, type Refusal, refusalError, refuseIf, type Statement, statement } from "./statement.ts";
import type { Row, Store } from "./store.ts";

/** How long an invitation is good for: a day unless told, a week at most. */
export const invitationHours = { usual: 24, most: 7 * 24 } as const;

/** Whom an invitation is for, while it is good. */
export interface Invitation {
  readonly userId: string;
  /** Wall-clock milliseconds. */
  readonly expiresMs: number;
}

/** Who is invited: the people of the hub. */
export interface Invited<Person> {
  /** Throws FatalError `unknown-user`. */
  demand(id: string): Person;
  /** Gives a person the password that they chose, if the conditions hold. */
  choosePassword(id: string, password: string, conditions: Change): Promise<Person>;
}

/** Options of {@link Invitations}. */
export interface InvitationsOptions<Person> {
  readonly store: Store;
  readonly clock: Clock;
  readonly users: Invited<Person>;
}

/**
 * Invitations to choose a password, on whichever device one likes: 256 random bits each, of which only the SHA-256 is
 * stored. One for each person at a time; good once, and for a day unless told. Void as soon as the person, or who
 * invited them, is removed or has other rights or another password: nobody takes over by an old link what they could
 * not have given.
 */
export class Invitations<Person> {
  readonly #options: InvitationsOptions<Person>;

  constructor(options: InvitationsOptions<Person>) {
    this.#options = options;
  }

  /** Makes an invitation in place of the one before; `secret` is shown once. Throws FatalError `unknown-user`, StoreFault. */
  async make(
    userId: string,
    { byId, hours = invitationHours.usual }: { readonly byId: string; readonly hours?: number | undefined },
  ): Promise<Invitation & { readonly secret: string }> {
    const { store, clock, users } = this.#options;
    users.demand(userId);
    const secret = `dwi_${randomBytes(32).toString("base64url")}`;
    const nowMs = clock.wallMs();
    const expiresMs = nowMs + hours * 60 * 60 * 1000;
    await store.write(
      statement("DELETE FROM invitations WHERE user_id = ? OR expires_ms <= ?", userId, nowMs),
      statement("INSERT INTO invitations VALUES (?, ?, ?, ?, ?)", userId, digest(secret), byId, nowMs, expiresMs),
    );
    return { userId, expiresMs, secret };
  }

  /** The invitations that are good now. */
  list(): readonly Invitation[] {
    const { store, clock } = this.#options;
    return store.read("SELECT * FROM invitations WHERE expires_ms > ?", clock.wallMs()).map(toInvitation);
  }

  /** Whom this invitation is for; undefined when it was used, withdrawn, is too old, or never was. */
  find(secret: string): Invitation | undefined {
    const { store, clock } = this.#options;
    const sql = "SELECT * FROM invitations WHERE hash = ? AND expires_ms > ?";
    const row = secret.length > 128 ? undefined : store.one(sql, digest(secret), clock.wallMs());
    return row && toInvitation(row);
  }

  /**
   * Uses an invitation up: the person has the password that they chose, and what was signed in for them before ends, as
   * do their tokens. Throws FatalError `no-invitation` when it is not good, however close the race.
   */
  async accept(secret: string, password: string): Promise<Person> {
    const { clock, users } = this.#options;
    const invitation = this.find(secret);
    if (!invitation) throw refusalError(noInvitation);
    const good = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM invitations WHERE hash = ? AND expires_ms > ?)";
    const unless = refuseIf(noInvitation, good, digest(secret), clock.wallMs());
    return users.choosePassword(invitation.userId, password, [unless]);
  }

  /** Takes a person's invitation back. Throws FatalError `not-found` when there is none. */
  async withdraw(userId: string): Promise<void> {
    const [gone = 0] = await this.#options.store.write(statement("DELETE FROM invitations WHERE user_id = ?", userId));
    if (gone === 0) throw new FatalError("nobody is invited here", { code: "not-found" });
  }
}

/** What makes the invitations of a person, and those that they made, void when it is kept. */
export function voidInvitations(userId: string): Statement {
  return statement("DELETE FROM invitations WHERE user_id = ?1 OR by_id = ?1", userId);
}

const noInvitation: Refusal = {
  code: "no-invitation",
  message: "this invitation is no longer good: it was used, withdrawn, or is too old. Ask for another one",
};

function toInvitation(row: Row): Invitation {
  return { userId: String(row["user_id"]), expiresMs: Number(row["expires_ms"]) };
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
