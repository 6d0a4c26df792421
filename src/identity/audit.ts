import type { Clock } from "../util/clock.ts";
import { type Statement, statement } from "./statement.ts";
import type { Store } from "./store.ts";

/** All that is written down; the page has words for each. */
export const auditActions = [
  "setup",
  "setup-failed",
  "login",
  "login-failed",
  "logout",
  "session-ended",
  "sessions-ended",
  "confirm-failed",
  "panel-locked",
  "panel-left",
  "password-changed",
  "user-added",
  "user-changed",
  "user-removed",
  "invitation-made",
  "invitation-withdrawn",
  "invitation-used",
  "invitation-failed",
  "token-made",
  "token-revoked",
  "device-added",
  "device-changed",
  "device-removed",
  "device-restarted",
  "device-arrived",
  "device-approved",
  "device-refused",
  "device-revoked",
  "device-token-made",
  "device-paired",
  "probe",
  "view",
  "listen",
  "snapshot",
  "talk",
  "say",
  "ring",
  "call",
  "call-answered",
  "call-declined",
  "call-ended",
  "bell-rung",
  "bell-unmuted",
  "chime-added",
  "chime-removed",
  "sound-added",
  "sound-renamed",
  "sound-removed",
  "say-host-added",
  "say-host-removed",
  "unlock",
  "ptz",
  "ptz-preset",
] as const;

/** One of {@link auditActions}. */
export type AuditAction = (typeof auditActions)[number];

/** One thing that somebody did. */
export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  /** Name of the person, or `hub`. */
  readonly actor: string;
  /** What was done. An entry of an older version may hold a word that is no longer written. */
  readonly action: AuditAction;
  /** To whom or what: a device's id, a person's name. */
  readonly subject?: string;
  /** What a device was called that is no more, where that is told. */
  readonly subjectName?: string;
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

  /** Notes one entry, and never fails or waits: it is written soon. Texts are cut at 256 characters. */
  record(entry: Omit<AuditEntry, "id" | "atMs">): void {
    this.#store.note([this.#entry(entry)]);
    // The oldest are removed in bunches.
    if (++this.#written % pruneEvery === 0) {
      const sql = "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?";
      this.#store.note([statement(sql, auditLimit)], "audit-prune");
    }
  }

  #entry(entry: Omit<AuditEntry, "id" | "atMs">): Statement {
    const cut = (text: string | undefined) => text?.slice(0, 256) ?? null;
    return statement(
      "INSERT INTO audit (at_ms, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)",
      this.#clock.wallMs(),
      entry.actor.slice(0, 256),
      entry.action,
      cut(entry.subject),
      cut(entry.detail),
    );
  }

  /** What is written, newest first (`store.settled()` first, for the very newest); `before` is an entry's id, to page back. `limit` at most 500. */
  list(options: { readonly before?: number; readonly limit?: number } = {}): readonly AuditEntry[] {
    const limit = Math.min(500, Math.max(1, options.limit ?? 100));
    const before = options.before ?? Number.MAX_SAFE_INTEGER;
    const rows = this.#store.read("SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?", before, limit);
    return rows.map((row) => ({
      id: Number(row["id"]),
      atMs: Number(row["at_ms"]),
      actor: String(row["actor"]),
      action: String(row["action"]) as AuditAction,
      ...(row["subject"] !== null && { subject: String(row["subject"]) }),
      ...(row["detail"] !== null && { detail: String(row["detail"]) }),
    }));
  }
}
