import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../util/clock.ts";
import type { Principal } from "./policy.ts";
import type { Row, Store } from "./store.ts";

/** 12 hours without a request end a session (SECURITY.md, 4). */
export const sessionIdleMs = 12 * 60 * 60 * 1000;
/** 30 days end it in any case. */
export const sessionLifeMs = 30 * 24 * 60 * 60 * 1000;
/** Sessions and tokens a person may have; of the sessions the oldest goes. */
export const credentialLimit = 50;

const touchEveryMs = 60_000;

/** A token for programs, as its owner sees it in the list; its secret is shown once, when it is made. */
export interface TokenInfo {
  readonly id: string;
  readonly name: string;
  readonly createdMs: number;
  readonly expiresMs?: number;
  readonly lastUsedMs?: number;
}

/**
 * Sessions (cookies) and tokens (for programs): 256 random bits each, of which only the SHA-256 is stored. Finding a
 * credential counts as using it.
 */
export class Credentials {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(options: { readonly store: Store; readonly clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /** Makes a session for a person; answers the secret for the cookie. */
  openSession(userId: string): { readonly secret: string; readonly id: string } {
    const { secret, hash, id } = mint("dws_");
    const nowMs = this.#clock.wallMs();
    this.#store.transaction(() => {
      this.#store.run("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", id, hash, userId, nowMs, nowMs);
      this.#store.run(
        `DELETE FROM sessions WHERE user_id = ?1 AND id NOT IN
         (SELECT id FROM sessions WHERE user_id = ?1 ORDER BY seen_ms DESC, rowid DESC LIMIT ?2)`,
        userId,
        credentialLimit,
      );
    });
    return { secret, id };
  }

  /** Makes a token; `secret` is shown once. Throws RangeError when the person has too many. */
  makeToken(
    userId: string,
    options: { readonly name: string; readonly expiresMs?: number },
  ): TokenInfo & { readonly secret: string } {
    if (this.tokens(userId).length >= credentialLimit) throw new RangeError(`more than ${credentialLimit} tokens`);
    const { secret, hash, id } = mint("dwt_");
    const createdMs = this.#clock.wallMs();
    const { name, expiresMs } = options;
    this.#store.run(
      "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, NULL)",
      id,
      hash,
      userId,
      name,
      createdMs,
      expiresMs ?? null,
    );
    return { id, name, createdMs, ...(expiresMs !== undefined && { expiresMs }), secret };
  }

  /** A person's tokens, newest first. */
  tokens(userId: string): readonly TokenInfo[] {
    const rows = this.#store.all("SELECT * FROM tokens WHERE user_id = ? ORDER BY created_ms DESC, rowid DESC", userId);
    return rows.map((row) => ({
      id: String(row["id"]),
      name: String(row["name"]),
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
    const row = this.#store.one(sql, digest(secret));
    if (!row || !this.#alive(row)) return undefined;
    this.#touch(via, row);
    return { userId: String(row["user_id"]), name: String(row["user"]), via, credentialId: String(row["id"]) };
  }

  /** False once the credential was ended, revoked, or is too old. */
  isAlive(principal: Principal): boolean {
    const row = this.#store.one(
      `SELECT * FROM ${principal.via}s WHERE id = ? AND user_id = ?`,
      principal.credentialId,
      principal.userId,
    );
    return row !== undefined && this.#alive(row);
  }

  /** Counts an open connection as use, so that a wall tablet that only watches stays signed in. */
  touch(principal: Principal): void {
    const row = this.#store.one(`SELECT * FROM ${principal.via}s WHERE id = ?`, principal.credentialId);
    if (row) this.#touch(principal.via, row);
  }

  /** Ends one credential of a person; false when they have no such one. */
  end(options: { readonly userId: string; readonly via: Principal["via"]; readonly id: string }): boolean {
    return this.#store.run(`DELETE FROM ${options.via}s WHERE id = ? AND user_id = ?`, options.id, options.userId) > 0;
  }

  /** Ends all sessions of a person, and their tokens. */
  endAll(userId: string): void {
    this.#store.run("DELETE FROM sessions WHERE user_id = ?", userId);
    this.#store.run("DELETE FROM tokens WHERE user_id = ?", userId);
  }

  /** Deletes what is too old. */
  sweep(): void {
    const nowMs = this.#clock.wallMs();
    this.#store.run(
      "DELETE FROM sessions WHERE seen_ms <= ? OR created_ms <= ?",
      nowMs - sessionIdleMs,
      nowMs - sessionLifeMs,
    );
    this.#store.run("DELETE FROM tokens WHERE expires_ms <= ?", nowMs);
  }

  #alive(row: Row): boolean {
    const nowMs = this.#clock.wallMs();
    if ("expires_ms" in row) return row["expires_ms"] === null || Number(row["expires_ms"]) > nowMs;
    return Number(row["seen_ms"]) > nowMs - sessionIdleMs && Number(row["created_ms"]) > nowMs - sessionLifeMs;
  }

  #touch(via: Principal["via"], row: Row): void {
    const nowMs = this.#clock.wallMs();
    if (nowMs - Number(row["seen_ms"] ?? 0) < touchEveryMs) return;
    this.#store.run(`UPDATE ${via}s SET seen_ms = ? WHERE id = ?`, nowMs, row["id"] as string);
  }
}

function mint(prefix: string): { secret: string; hash: Buffer; id: string } {
  const secret = prefix + randomBytes(32).toString("base64url");
  return { secret, hash: digest(secret), id: randomBytes(9).toString("base64url") };
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
