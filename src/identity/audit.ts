import type { Clock } from "../util/clock.ts";
import type { Store } from "./store.ts";

/** One thing that somebody did. */
export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  /** Name of the person, or `hub`. */
  readonly actor: string;
  /** What was done: `login`, `login-failed`, `listen`, `unlock`, `user-changed`, ... */
  readonly action: string;
  /** To whom or what: a device's id, a person's name. */
  readonly subject?: string;
  readonly detail?: string;
}

/** Entries kept, give or take a few hundred; the oldest go first. */
export const auditLimit = 100_000;

const pruneEvery = 256;

/** The record of who did what: log-ins, listen-ins, talk, approvals, changes of rights. Holds no secrets. */
export class Audit {
  readonly #store: Store;
  readonly #clock: Clock;
  #written = 0;

  constructor(options: { readonly store: Store; readonly clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /** Writes one entry; texts are cut at 256 characters. */
  record(entry: Omit<AuditEntry, "id" | "atMs">): void {
    const cut = (text: string | undefined) => text?.slice(0, 256) ?? null;
    this.#store.run(
      "INSERT INTO audit (at_ms, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)",
      this.#clock.wallMs(),
      entry.actor.slice(0, 256),
      entry.action,
      cut(entry.subject),
      cut(entry.detail),
    );
    // Each statement waits for the disk: the oldest go in bunches.
    if (++this.#written % pruneEvery === 0) {
      this.#store.run("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?", auditLimit);
    }
  }

  /** Newest first; `before` is an entry's id, to page back. `limit` at most 500. */
  list(options: { readonly before?: number; readonly limit?: number } = {}): readonly AuditEntry[] {
    const limit = Math.min(500, Math.max(1, options.limit ?? 100));
    const before = options.before ?? Number.MAX_SAFE_INTEGER;
    const rows = this.#store.all("SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?", before, limit);
    return rows.map((row) => ({
      id: Number(row["id"]),
      atMs: Number(row["at_ms"]),
      actor: String(row["actor"]),
      action: String(row["action"]),
      ...(row["subject"] !== null && { subject: String(row["subject"]) }),
      ...(row["detail"] !== null && { detail: String(row["detail"]) }),
    }));
  }
}
