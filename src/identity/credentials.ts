import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import type { Clock } from "../util/clock.ts";
import { writtenMs } from "../util/version.ts";
import { type WallJump, watchWallClock } from "../util/wall-watch.ts";
import type { DigestKeys } from "./digest-keys.ts";
import { type Grant, grantSchema, type PersonalCredential, type Principal, rights } from "./policy.ts";
import { refuseIf, type Statement, statement } from "./statement.ts";
import type { Row, Store } from "./store.ts";
import { tokenProof, tokenTag } from "./token-proof.ts";

/** 12 hours without a request end a session. */
export const sessionIdleMs = 12 * 60 * 60 * 1000;
/** 30 days end it in any case. */
export const sessionLifeMs = 30 * 24 * 60 * 60 * 1000;
/** How many sessions and tokens a person may have; one session more ends the oldest. */
export const credentialLimit = 50;

const touchEveryMs = 60_000;

/** Where a session was begun. */
export interface SessionOrigin {
  /** IP address. */
  readonly address?: string | undefined;
  /** What the browser calls itself (User-Agent); kept up to 256 characters. */
  readonly browser?: string | undefined;
}

/** A session, as its person sees it in the list. */
export interface SessionListed extends SessionOrigin {
  readonly id: string;
  /** Of a screen that is locked to the panel. */
  readonly panel: boolean;
  readonly createdMs: number;
  /** When it was last used, exact to about a minute. */
  readonly seenMs: number;
}

/** A token for programs, as its owner sees it in the list; its secret is shown once, when it is made. */
export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  /** What it may do at most; never more than its person may. */
  readonly grants: readonly Grant[];
  readonly createdMs: number;
  readonly expiresMs?: number;
  readonly lastUsedMs?: number;
}

/** What a token is made of. */
export interface TokenInput {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly expiresMs?: number;
  /** User names with which it may answer a Digest challenge from the beginning; without any, once it was shown as it is. */
  readonly digestNames?: readonly string[];
}

/** What a locked panel is for: to see, hear, speak, answer, open and turn; never to set up, whoever signed in there. */
const panelLimits: readonly Grant[] = [
  { scope: "*", rights: rights.filter((right) => right !== "administer" && right !== "metrics") },
];

const storedGrants = z.array(grantSchema);

/**
 * Sessions (cookies) and tokens (for programs): 256 random bits each, of which only the SHA-256 is stored. Finding a
 * credential counts as using it. Its opener disposes it.
 */
export class Credentials implements Disposable {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #digests: DigestKeys | undefined;
  /** Ended already, although perhaps not yet in the database. */
  readonly #ended = new Set<string>();
  /** Last uses that are noted, although perhaps not yet in the database. */
  readonly #seen = new Map<string, number>();

  /** Wrong times that are being put right in the database. */
  readonly #wrong = new Set<WallJump>();
  readonly #wall: ReturnType<typeof watchWallClock>;

  constructor(options: { readonly store: Store; readonly clock: Clock; readonly digests?: DigestKeys }) {
    this.#store = options.store;
    this.#digests = options.digests;
    this.#clock = options.clock;
    this.#wall = watchWallClock(options.clock, (jump) => this.#clockWasSet(jump));
  }

  [Symbol.dispose](): void {
    this.#wall[Symbol.dispose]();
  }

  /** Makes a session for a person, or for their locked panel, and keeps it; answers the secret for the cookie. Throws StoreFault. */
  async openSession(
    userId: string,
    { panel = false, address, browser }: SessionOrigin & { readonly panel?: boolean | undefined } = {},
  ): Promise<{ readonly secret: string; readonly id: string }> {
    const { secret, hash, id } = mint("dws_");
    const nowMs = this.#clock.wallMs();
    await this.#store.write(
      statement(
        `INSERT INTO sessions (id, hash, user_id, created_ms, seen_ms, panel, address, browser)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        ...[id, hash, userId, nowMs, nowMs, +panel, address ?? null, browser?.slice(0, 256) ?? null],
      ),
      statement(
        `DELETE FROM sessions WHERE user_id = ?1 AND id NOT IN
         (SELECT id FROM sessions WHERE user_id = ?1 ORDER BY seen_ms DESC, rowid DESC LIMIT ?2)`,
        userId,
        credentialLimit,
      ),
    );
    return { secret, id };
  }

  /** Makes a token and keeps it; `secret` is shown once. Throws FatalError `too-many-tokens`, StoreFault. */
  async makeToken(userId: string, options: TokenInput): Promise<TokenInfo & { readonly secret: string }> {
    const { secret, hash, id } = mint("dwt_");
    const createdMs = this.#clock.wallMs();
    const { name, grants, expiresMs, digestNames = [] } = options;
    const digests = digestNames.length > 0 ? this.#digests : undefined;
    const tooMany = {
      code: "too-many-tokens",
      message: `Remove a token first; ${credentialLimit} are enough.`,
      fields: { limit: credentialLimit },
    };
    await this.#store.write(
      refuseIf(tooMany, "SELECT 1 FROM tokens WHERE user_id = ? LIMIT 1 OFFSET ?", userId, credentialLimit - 1),
      statement(
        "INSERT INTO tokens (id, hash, user_id, name, created_ms, expires_ms, grants) VALUES (?, ?, ?, ?, ?, ?, ?)",
        id,
        hash,
        userId,
        name,
        createdMs,
        expiresMs ?? null,
        JSON.stringify(grants),
      ),
      ...(digests ? [digests.keep({ id, secret, names: digestNames })] : []),
    );
    return { id, name, grants, createdMs, ...(expiresMs !== undefined && { expiresMs }), secret };
  }

  /** A person's sessions, the last used first. */
  sessions(userId: string): readonly SessionListed[] {
    const rows = this.#store.read("SELECT * FROM sessions WHERE user_id = ?", userId);
    return rows
      .filter((row) => this.#alive(row))
      .map((row) => ({
        id: String(row["id"]),
        panel: row["panel"] === 1,
        createdMs: this.#righted(Number(row["created_ms"])),
        seenMs: this.#seenMs(row),
        ...(row["address"] !== null && { address: String(row["address"]) }),
        ...(row["browser"] !== null && { browser: String(row["browser"]) }),
      }))
      .sort((one, other) => other.seenMs - one.seenMs);
  }

  /** A person's tokens, newest first. */
  tokens(userId: string): readonly TokenInfo[] {
    const sql = "SELECT * FROM tokens WHERE user_id = ? ORDER BY created_ms DESC, rowid DESC";
    const rows = this.#store.read(sql, userId).filter((row) => !this.#ended.has(String(row["id"])));
    return rows.map((row) => ({
      id: String(row["id"]),
      name: String(row["name"]),
      grants: grantsOf(row),
      createdMs: Number(row["created_ms"]),
      ...(row["expires_ms"] !== null && { expiresMs: Number(row["expires_ms"]) }),
      ...(row["seen_ms"] !== null && { lastUsedMs: Number(row["seen_ms"]) }),
    }));
  }

  /** Who presents this secret, or undefined. */
  find(secret: string): Principal | undefined {
    const via = secret.startsWith("dws_") ? "session" : secret.startsWith("dwt_") ? "token" : undefined;
    if (!via || secret.length > 128) return undefined;
    const sql = `SELECT c.*, u.name AS user FROM ${via}s c JOIN users u ON u.id = c.user_id WHERE c.hash = ?`;
    return this.#principalOf(via, this.#store.one(sql, digest(secret)));
  }

  /** Whose token this is, which was proved in another way than by showing it; undefined when it is no more. */
  findToken(id: string): Principal | undefined {
    const sql = "SELECT c.*, u.name AS user FROM tokens c JOIN users u ON u.id = c.user_id WHERE c.id = ?";
    return this.#principalOf("token", this.#store.one(sql, id));
  }

  /**
   * What proves that one of these tokens is known here, which is named by its {@link tokenTag}; undefined where none is. It is not
   * looked for by who asks, who is nobody yet.
   */
  proofOf(tag: string, about: Parameters<typeof tokenProof>[1]): string | undefined {
    const rows = this.#store.read("SELECT * FROM tokens").filter((row) => this.#alive(row));
    const key = rows.map((row) => row["hash"]).find((hash) => hash instanceof Uint8Array && tokenTag(hash) === tag);
    return key instanceof Uint8Array ? tokenProof(key, about) : undefined;
  }

  #principalOf(via: PersonalCredential, row: Row | undefined): Principal | undefined {
    if (!row || !this.#alive(row)) return undefined;
    this.#touch(via, row);
    return {
      userId: String(row["user_id"]),
      name: String(row["user"]),
      via,
      credentialId: String(row["id"]),
      ...(via === "token" && { limits: grantsOf(row) }),
      ...(via === "session" && row["panel"] === 1 && { limits: panelLimits, panel: true as const }),
    };
  }

  /** False once the credential was ended, revoked, or is too old. */
  isAlive(principal: Pick<Principal, "userId" | "via" | "credentialId">): boolean {
    if (principal.via === "device" || this.#ended.has(principal.credentialId)) return false;
    const row = this.#store.one(
      `SELECT * FROM ${principal.via}s WHERE id = ? AND user_id = ?`,
      principal.credentialId,
      principal.userId,
    );
    return row !== undefined && this.#alive(row);
  }

  /** Counts an open connection as use, so that a wall tablet that only watches stays signed in. */
  touch(principal: Principal): void {
    if (principal.via === "device") return;
    const row = this.#store.one(`SELECT * FROM ${principal.via}s WHERE id = ?`, principal.credentialId);
    if (row) this.#touch(principal.via, row);
  }

  /**
   * Ends one credential of a person, at once and whatever the disk does. `kept` resolves with false when it could not
   * be written yet: a restart before that would bring it back.
   */
  end(options: { readonly userId: string; readonly via: PersonalCredential; readonly id: string }): {
    readonly found: boolean;
    readonly kept: Promise<boolean>;
  } {
    const { userId, via, id } = options;
    if (!this.isAlive({ userId, via, credentialId: id })) return { found: false, kept: Promise.resolve(true) };
    this.#ended.add(id);
    const gone = statement(`DELETE FROM ${via}s WHERE id = ? AND user_id = ?`, id, userId);
    return { found: true, kept: this.#store.insist([gone], `end:${id}`) };
  }

  /** Ends all sessions of a person but one, as {@link end} ends one, and in one change; `ended` says how many. */
  endOthers({ userId, keptId }: { readonly userId: string; readonly keptId: string }): {
    readonly ended: number;
    readonly kept: Promise<boolean>;
  } {
    const ids = this.sessions(userId).flatMap(({ id }) => (id === keptId ? [] : [id]));
    if (ids.length === 0) return { ended: 0, kept: Promise.resolve(true) };
    for (const id of ids) this.#ended.add(id);
    const sql = `DELETE FROM sessions WHERE user_id = ? AND id IN (${ids.map(() => "?").join(", ")})`;
    return { ended: ids.length, kept: this.#store.insist([statement(sql, userId, ...ids)], `end-others:${ids[0]}`) };
  }

  /** What ends the sessions of a person but one, when it is kept. */
  endOtherSessions(userId: string, keptId: string): Statement {
    return statement("DELETE FROM sessions WHERE user_id = ? AND id <> ?", userId, keptId);
  }

  /** What ends all tokens of a person, when it is kept. */
  endTokens(userId: string): Statement {
    return statement("DELETE FROM tokens WHERE user_id = ?", userId);
  }

  /** What ends all sessions of a person, and their tokens, when it is kept. */
  endAll(userId: string): readonly Statement[] {
    return [statement("DELETE FROM sessions WHERE user_id = ?", userId), this.endTokens(userId)];
  }

  /** Deletes what is too old, soon. */
  sweep(): void {
    const nowMs = this.#nowMs();
    // What is not in the database any more needs no remark in memory.
    for (const id of [...this.#ended, ...this.#seen.keys()]) if (!this.#exists(id)) this.#forget(id);
    const sessions = "DELETE FROM sessions WHERE seen_ms <= ? OR created_ms <= ?";
    this.#store.note(
      [
        statement(sessions, nowMs - sessionIdleMs, nowMs - sessionLifeMs),
        statement("DELETE FROM tokens WHERE expires_ms <= ?", nowMs),
      ],
      "sweep",
    );
  }

  #exists(id: string): boolean {
    const sql = "SELECT 1 FROM sessions WHERE id = ?1 UNION ALL SELECT 1 FROM tokens WHERE id = ?1";
    return this.#store.one(sql, id) !== undefined;
  }

  #forget(id: string): void {
    this.#ended.delete(id);
    this.#seen.delete(id);
  }

  #alive(row: Row): boolean {
    if (this.#ended.has(String(row["id"]))) return false;
    const nowMs = this.#nowMs();
    if ("expires_ms" in row) return row["expires_ms"] === null || Number(row["expires_ms"]) > nowMs;
    const createdMs = this.#righted(Number(row["created_ms"]));
    return this.#seenMs(row) > nowMs - sessionIdleMs && createdMs > nowMs - sessionLifeMs;
  }

  #seenMs(row: Row): number {
    return this.#righted(Math.max(Number(row["seen_ms"] ?? 0), this.#seen.get(String(row["id"])) ?? 0));
  }

  /** The time, after a look whether it was set since it was last asked. */
  #nowMs(): number {
    this.#wall.look();
    return this.#clock.wallMs();
  }

  /** A time that was noted by a wrong clock, as the right one would have. */
  #righted(noteMs: number): number {
    for (const { byMs, wrong } of this.#wrong) if (wrong.fromMs <= noteMs && noteMs <= wrong.toMs) return noteMs + byMs;
    return noteMs;
  }

  /**
   * Sessions outlive a clock that was wrong for certain: one that said a time before this program was written, or that
   * was set back. (A clock that was only set forward may have slept, and sleep counts as time.)
   */
  #clockWasSet(jump: WallJump): void {
    const { byMs, wrong } = jump;
    if (byMs > 0 && wrong.toMs >= writtenMs) return;
    this.#wrong.add(jump);
    for (const [id, seenMs] of this.#seen) this.#seen.set(id, this.#righted(seenMs));
    const right = (column: string) =>
      statement(
        `UPDATE sessions SET ${column} = ${column} + ? WHERE ${column} BETWEEN ? AND ?`,
        byMs,
        wrong.fromMs,
        wrong.toMs,
      );
    this.#store.insist([right("seen_ms"), right("created_ms")], `clock:${wrong.fromMs}`).then(
      (kept) => kept && this.#wrong.delete(jump),
      () => {}, // not kept: the jump stays known
    );
  }

  #touch(via: PersonalCredential, row: Row): void {
    const nowMs = this.#nowMs();
    if (nowMs - this.#seenMs(row) < touchEveryMs) return;
    const id = String(row["id"]);
    this.#seen.set(id, nowMs);
    this.#store.note([statement(`UPDATE ${via}s SET seen_ms = ? WHERE id = ?`, nowMs, id)], `seen:${id}`);
  }
}

/** A right that cannot be read is left out. */
function grantsOf(row: Row): readonly Grant[] {
  try {
    return storedGrants.parse(JSON.parse(String(row["grants"])));
  } catch {
    return [];
  }
}

function mint(prefix: string): { secret: string; hash: Buffer; id: string } {
  const secret = prefix + randomBytes(32).toString("base64url");
  return { secret, hash: digest(secret), id: randomBytes(9).toString("hex") };
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
