import type { AuditAction } from "../../../src/identity/audit.ts";
import { locale as pageLocale } from "../language/times.ts";

/** What the audit's actions mean in plain words; `{}` is the subject. */
const words: Readonly<Record<AuditAction, string>> = {
  login: "signed in",
  "login-failed": "could not sign in",
  logout: "signed out",
  setup: "set up this hub",
  "setup-failed": "gave a wrong set-up code",
  "device-added": "added {}",
  "device-changed": "changed {}",
  "device-removed": "removed {}",
  "device-restarted": "restarted {}",
  "device-arrived": "called the hub",
  "device-approved": "let {} in",
  "device-refused": "did not let {} in",
  "device-revoked": "took the token of {} away",
  "device-token-made": "made a token for {}",
  "device-paired": "paired with {}",
  "user-added": "added the person {}",
  "user-changed": "changed the person {}",
  "user-removed": "removed the person {}",
  "token-made": "made the token {}",
  "token-revoked": "withdrew the token {}",
  "confirm-failed": "gave a wrong password",
  "password-changed": "chose a new password",
  probe: "looked for a camera at {}",
  snapshot: "took a picture of {}",
  view: "watched {}",
  listen: "listened to {}",
  talk: "spoke through {}",
  say: "had something said through {}",
  ring: "rang {}",
  call: "called {}",
  "call-answered": "answered {}",
  "call-declined": "declined {}",
  "call-ended": "ended the call with {}",
  "bell-rung": "pressed the bell of {}",
  ptz: "turned {}",
  "ptz-preset": "turned {} to a preset",
  "bell-unmuted": "lets the bell of {} ring again",
  "chime-added": "added the chime {}",
  "chime-removed": "removed the chime {}",
  "sound-added": "added the sound {}",
  "sound-renamed": "gave a sound the name {}",
  "sound-removed": "deleted the sound {}",
  "say-host-added": "lets sounds be fetched from {}",
  "say-host-removed": "lets no sounds be fetched from {}",
  unlock: "opened {}",
};

/** One audit line as a sentence without its time: "Anna spoke through Front door". */
export function sayAudit(entry: {
  readonly actor: string;
  readonly action: string;
  readonly subject?: string;
}): string {
  const pattern =
    (words as Readonly<Record<string, string | undefined>>)[entry.action] ??
    `${entry.action.replaceAll(/[-._]/g, " ")} {}`;
  return `${entry.actor || "The hub"} ${pattern.replace("{}", () => sayChannels(entry.subject ?? ""))}`.trim();
}

/** What was spoken to: devices as they are, areas and groups by their names. */
function sayChannels(subject: string): string {
  return subject
    .split(", ")
    .map((channel) => (channel === "all" ? "everything" : channel.replace(/^(area|group):/, "")))
    .join(", ");
}

/** The detail of an audit line for people: an address by itself says where from. */
export function sayDetail(detail: string): string {
  if (detail === "::1" || detail.startsWith("127.")) return "from the hub's own machine";
  return /^[0-9a-f]*[.:][0-9a-f.:]+$/i.test(detail) ? `from ${detail.replace(/^::ffff:/i, "")}` : detail;
}

/** "Today", "Yesterday", or the date, for headings. */
export function dayName(atMs: number, nowMs: number, locale?: string): string {
  const day = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  if (day(atMs) === day(nowMs)) return "Today";
  if (day(atMs) === day(day(nowMs) - 12 * 3_600_000)) return "Yesterday";
  return new Date(atMs).toLocaleDateString(locale ?? pageLocale(), {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
  });
}

/** What the history can be narrowed to. */
export type AuditKind = "all" | "watching" | "talk" | "changes";

const watching: ReadonlySet<string> = new Set(["view", "listen", "snapshot"]);
const talk = /^(talk|say|ring|call|bell|unlock|ptz)/;

/** Whether an entry belongs to a kind: who watched, who spoke, rang, opened and turned, or everything else. */
export function isOfKind(action: string, kind: AuditKind): boolean {
  if (kind === "all") return true;
  const own: AuditKind = watching.has(action) ? "watching" : talk.test(action) ? "talk" : "changes";
  return own === kind;
}

/** Entries of the same person doing the same within this time are one line. */
const togetherMs = 10 * 60 * 1000;

/** What somebody did, to one or more. */
export interface Together<Entry> {
  /** The newest of them. */
  readonly entry: Entry;
  /** What it was done to, newest first, each once. */
  readonly subjects: readonly string[];
}

/** Newest first: what somebody watched or heard at one sitting is one line, everything else a line of its own. */
export function togetherInHistory<
  Entry extends { readonly atMs: number; readonly actor: string; readonly action: string; readonly subject?: string },
>(entries: readonly Entry[]): readonly Together<Entry>[] {
  const lines: { entry: Entry; subjects: string[]; lastMs: number }[] = [];
  const open = new Map<string, (typeof lines)[number]>();
  for (const entry of entries) {
    const key = `${entry.actor} ${entry.action}`;
    const line = watching.has(entry.action) && entry.subject !== undefined ? open.get(key) : undefined;
    if (line && line.lastMs - entry.atMs < togetherMs && entry.subject !== undefined) {
      if (!line.subjects.includes(entry.subject)) line.subjects.push(entry.subject);
      line.lastMs = entry.atMs;
      continue;
    }
    const fresh = { entry, subjects: entry.subject === undefined ? [] : [entry.subject], lastMs: entry.atMs };
    lines.push(fresh);
    open.set(key, fresh);
  }
  return lines;
}

/** "Garden", "Garden and Yard", "Garden, Yard and 38 more". */
export function sayNames(names: readonly string[]): string {
  const [first = "", second = "", third] = names;
  if (names.length <= 1) return first;
  if (names.length === 2) return `${first} and ${second}`;
  return names.length === 3 ? `${first}, ${second} and ${third}` : `${first}, ${second} and ${names.length - 2} more`;
}
