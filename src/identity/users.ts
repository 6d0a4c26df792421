import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../util/clock.ts";
import { Listeners } from "../util/listeners.ts";
import type { Log } from "../util/log.ts";
import { nameSchema } from "../util/name.ts";
import { type Credentials, sessionLifeMs } from "./credentials.ts";
import { voidInvitations } from "./invitations.ts";
import { type HashRank, type PasswordHasher, passwordSchema } from "./password.ts";
import {
  type Grant,
  grantSchema,
  type HeldRights,
  type PersonalCredential,
  type Principal,
  type RightsSource,
} from "./policy.ts";
import { type Change, type Refusal, refusalError, refuseIf, type Statement, statement } from "./statement.ts";
import type { Row, Store } from "./store.ts";
import { dropWallLayout } from "./wall-layouts.ts";

/** A person, as the API shows them. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly administrator: boolean;
  /** False for a person who can be reached by tokens only. */
  readonly hasPassword: boolean;
  readonly grants: readonly Grant[];
  readonly createdMs: number;
}

/** Schema of a new person. */
export const userInputSchema = z.strictObject({
  name: nameSchema,
  password: passwordSchema.optional(),
  administrator: z.boolean().default(false),
  grants: z.array(grantSchema).max(256).default([]),
});

/** A new person. */
export type UserInput = z.infer<typeof userInputSchema>;

/** What somebody who changes their own password says. */
export interface OwnPassword {
  readonly password: string;
  readonly endTokens: boolean;
}

/** Options of {@link Users}. */
export interface UsersOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly hasher: PasswordHasher;
  readonly credentials: Credentials;
  readonly log: Log;
}

/**
 * The people who may use the hub, with their passwords and grants. What it answers is always what the database says,
 * also when the command line changed it. Wrong requests throw FatalError: `name-taken`, `last-administrator`,
 * `unknown-user`. What could not be kept throws StoreFault and did not happen.
 */
export class Users implements RightsSource {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #hasher: PasswordHasher;
  readonly #credentials: Credentials;
  readonly #changes: Listeners<void>;
  #cache = new Map<string, User>();
  #cacheVersion = -1;

  constructor(options: UsersOptions) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#hasher = options.hasher;
    this.#credentials = options.credentials;
    this.#changes = new Listeners((error) => options.log.error({ err: error }, "listener of people failed"));
  }

  /** False until the set-up is done. */
  get hasAdministrator(): boolean {
    return this.#load()
      .values()
      .some((user) => user.administrator);
  }

  /** All people by name. */
  list(): readonly User[] {
    return [...this.#load().values()];
  }

  get(id: string): User | undefined {
    return this.#load().get(id);
  }

  /** The person of that name; case does not matter. */
  byName(name: string): User | undefined {
    const row = this.#store.one("SELECT id FROM users WHERE name = ?", name.normalize("NFC").trim());
    return row && this.get(String(row["id"]));
  }

  /** Calls `listener` after people, grants or credentials changed through this object. */
  onChange(listener: () => void): Disposable {
    return this.#changes.add(listener);
  }

  /** Present rights, as {@link RightsSource} asks for them. */
  rightsOf(principal: Principal): User | undefined {
    return this.#credentials.isAlive(principal) ? this.get(principal.userId) : undefined;
  }

  /** Adds a person. */
  async create(input: UserInput): Promise<User> {
    this.#refuseTaken(input.name);
    const password = input.password === undefined ? null : await this.#hasher.hash(input.password);
    return this.#insert(input, password);
  }

  /** Adds the first administrator; FatalError `setup-done` when there is one already, however close the race. */
  async createFirst(input: { readonly name: string; readonly password: string }): Promise<User> {
    const password = await this.#hasher.hash(input.password);
    const done = { code: "setup-done", message: "set-up is done already: log in instead" };
    const first = refuseIf(done, "SELECT 1 FROM users WHERE administrator = 1");
    return this.#insert({ name: input.name, administrator: true, grants: [] }, password, [first]);
  }

  /** Changes a person. A new password ends all their sessions and tokens. */
  async update(id: string, patch: Partial<UserInput>): Promise<User> {
    const before = this.demand(id);
    if (patch.name !== undefined) this.#refuseTaken(patch.name, id);
    const password = patch.password === undefined ? undefined : await this.#hasher.hash(patch.password);
    const after = { ...before, ...patch };
    await this.#store.write(
      refuseIf(unknown(id), "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = ?)", id),
      ...(after.administrator ? [] : [refuseLast(id)]),
      refuseTaken(after.name, id),
      statement("UPDATE users SET name = ?, administrator = ? WHERE id = ?", after.name, +after.administrator, id),
      ...(patch.grants ? grantStatements(id, patch.grants) : []),
      ...(sameRights(before, after) ? [] : [voidInvitations(id)]),
      ...(password === undefined ? [] : this.#passwordChange(id, password)),
    );
    this.#changed();
    return this.demand(id);
  }

  /**
   * Gives a person the new password that they chose themselves: their other sessions end, and their tokens if asked for.
   * The session that asks goes on.
   */
  async changeOwnPassword(principal: Principal, change: OwnPassword): Promise<void> {
    const { id } = this.demand(principal.userId);
    const password = await this.#hasher.hash(change.password);
    await this.#store.write(
      statement("UPDATE users SET password = ? WHERE id = ?", password, id),
      voidInvitations(id),
      this.#credentials.endOtherSessions(id, principal.credentialId),
      ...(change.endTokens ? [this.#credentials.endTokens(id)] : []),
    );
    this.#changed();
  }

  /**
   * Gives a person the password that they chose by an invitation, if `conditions` hold when it is kept: what was signed in
   * for them before ends, with their tokens.
   */
  async choosePassword(id: string, password: string, conditions: Change): Promise<User> {
    const hash = await this.#hasher.hash(password);
    await this.#store.write(...conditions, ...this.#passwordChange(id, hash));
    this.#changed();
    return this.demand(id);
  }

  /** Removes a person with all their credentials. */
  async remove(id: string): Promise<void> {
    this.demand(id);
    await this.#store.write(refuseLast(id), statement("DELETE FROM users WHERE id = ?", id), dropWallLayout(id));
    this.#changed();
  }

  /**
   * Checks a name and a password; undefined when they do not fit. `rank` says who is served first under load, when
   * others get RecoverableError `busy`.
   */
  async verify(name: string, password: string, rank: HashRank = 0): Promise<User | undefined> {
    const user = this.byName(name);
    const row = user && this.#store.one("SELECT password FROM users WHERE id = ?", user.id);
    const stored = typeof row?.["password"] === "string" ? row["password"] : undefined;
    const right = await this.#hasher.verify(password, stored, rank);
    return right && user ? this.get(user.id) : undefined;
  }

  /**
   * Ends one session or token of a person, at once, with what is open on it. `found` is false when they have no such
   * one; `kept` when it could not be written yet.
   */
  async endCredential(options: {
    readonly userId: string;
    readonly via: PersonalCredential;
    readonly id: string;
  }): Promise<{ readonly found: boolean; readonly kept: boolean }> {
    const { found, kept } = this.#credentials.end(options);
    if (found) this.#changed();
    return { found, kept: await kept };
  }

  /** Ends all sessions of a person but the one that asks, at once; `kept` as for {@link endCredential}. */
  async endOtherSessions(principal: Principal): Promise<{ readonly ended: number; readonly kept: boolean }> {
    const { userId, credentialId: keptId } = principal;
    const { ended, kept } = this.#credentials.endOthers({ userId, keptId });
    if (ended > 0) this.#changed();
    return { ended, kept: await kept };
  }

  async #insert(input: Omit<UserInput, "password">, password: string | null, conditions: Change = []): Promise<User> {
    const id = randomBytes(9).toString("base64url");
    const { name, administrator, grants } = input;
    const nowMs = this.#clock.wallMs();
    await this.#store.write(
      ...conditions,
      refuseTaken(name),
      statement("INSERT INTO users VALUES (?, ?, ?, ?, ?)", id, name, password, +administrator, nowMs),
      ...grantStatements(id, grants),
    );
    this.#changed();
    return this.demand(id);
  }

  #passwordChange(id: string, password: string): Change {
    return [
      statement("UPDATE users SET password = ? WHERE id = ?", password, id),
      voidInvitations(id),
      ...this.#credentials.endAll(id),
    ];
  }

  /** The person with this id. */
  demand(id: string): User {
    const user = this.get(id);
    if (!user) throw refusalError(unknown(id));
    return user;
  }

  /** Asked before the password is hashed; {@link refuseTaken} decides. */
  #refuseTaken(name: string, except?: string): void {
    const other = this.byName(name);
    if (other && other.id !== except) throw refusalError(taken(name));
  }

  #changed(): void {
    this.#cacheVersion = -1;
    this.#changes.emit();
  }

  #load(): Map<string, User> {
    const version = this.#store.identityVersion;
    if (version === this.#cacheVersion) return this.#cache;
    const grants = Map.groupBy(this.#store.read("SELECT * FROM grants ORDER BY scope"), (row) =>
      String(row["user_id"]),
    );
    const rows = this.#store.read("SELECT * FROM users ORDER BY name COLLATE NOCASE");
    this.#cache = new Map(rows.map((row) => [String(row["id"]), toUser(row, grants.get(String(row["id"])) ?? [])]));
    this.#cacheVersion = version;
    return this.#cache;
  }
}

function unknown(id: string): Refusal {
  return { code: "unknown-user", message: `no such person: ${id}` };
}

function taken(name: string): Refusal {
  return { code: "name-taken", message: `name is taken: ${name}`, fields: { name } };
}

function refuseTaken(name: string, except = ""): Statement {
  return refuseIf(taken(name), "SELECT 1 FROM users WHERE name = ? AND id <> ?", name, except);
}

/** Refuses to take the last administrator away. */
function refuseLast(id: string): Statement {
  return refuseIf(
    { code: "last-administrator", message: "the last administrator cannot be removed" },
    `SELECT 1 FROM users WHERE id = ?1 AND administrator = 1
     AND NOT EXISTS (SELECT 1 FROM users WHERE administrator = 1 AND id <> ?1)`,
    id,
  );
}

function grantStatements(id: string, grants: readonly Grant[]): Change {
  const sql = "INSERT INTO grants VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET rights = excluded.rights";
  return [
    statement("DELETE FROM grants WHERE user_id = ?", id),
    ...grants.map(({ scope, rights }) => statement(sql, id, scope, rights.join(" "))),
  ];
}

function sameRights(one: HeldRights, other: HeldRights): boolean {
  const written = ({ administrator, grants }: HeldRights) =>
    JSON.stringify([administrator, grants.map(({ scope, rights }) => `${scope}=${[...rights].sort().join()}`).sort()]);
  return written(one) === written(other);
}

/** Age after which the browser forgets the session's cookie, in seconds. */
export const cookieMaxAgeSeconds = sessionLifeMs / 1000;

function toUser(row: Row, grants: readonly Row[]): User {
  return {
    id: String(row["id"]),
    name: String(row["name"]),
    administrator: row["administrator"] === 1,
    hasPassword: row["password"] !== null,
    grants: grants.map((grant) => ({
      scope: String(grant["scope"]),
      rights: z.array(grantSchema.shape.rights.element).parse(String(grant["rights"]).split(" ").filter(Boolean)),
    })),
    createdMs: Number(row["created_ms"]),
  };
}
