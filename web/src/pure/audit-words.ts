import type { AuditAction } from "../../../src/identity/audit.ts";
import { t } from "../language/t.ts";
import { locale as pageLocale } from "../language/times.ts";
import { type Grant, type Right, sayGrants } from "./rights.ts";

/** What the audit's actions mean in plain words. */
const words: Readonly<Record<AuditAction, string>> = {
  login: t("{who} signed in"),
  "login-failed": t("{who} could not sign in"),
  logout: t("{who} signed out"),
  "session-ended": t("{who} signed out another browser of theirs"),
  "sessions-ended": t("{who} signed out all other browsers of theirs"),
  setup: t("{who} set up this hub"),
  "setup-failed": t("{who} gave a wrong set-up code"),
  "device-added": t("{who} added {what}"),
  "device-changed": t("{who} changed {what}"),
  "device-removed": t("{who} removed {what}"),
  "device-restarted": t("{who} restarted {what}"),
  "device-arrived": t("{who} called the hub"),
  "device-approved": t("{who} let {what} in"),
  "device-refused": t("{who} did not let {what} in"),
  "device-revoked": t("{who} took the token of {what} away"),
  "device-token-made": t("{who} made a token for {what}"),
  "device-paired": t("{who} paired with {what}"),
  "user-added": t("{who} added the person {what}"),
  "user-changed": t("{who} changed the person {what}"),
  "user-removed": t("{who} removed the person {what}"),
  "invitation-made": t("{who} invited {what}"),
  "invitation-withdrawn": t("{who} withdrew the invitation of {what}"),
  "invitation-used": t("{who} chose a password by an invitation"),
  "invitation-failed": t("{who} showed an invitation that is not good"),
  "token-made": t("{who} made the token {what}"),
  "token-revoked": t("{who} withdrew the token {what}"),
  "confirm-failed": t("{who} gave a wrong password"),
  "password-changed": t("{who} chose a new password"),
  probe: t("{who} looked for a camera at {what}"),
  snapshot: t("{who} took a picture of {what}"),
  view: t("{who} watched {what}"),
  listen: t("{who} listened to {what}"),
  talk: t("{who} spoke through {what}"),
  say: t("{who} had something said through {what}"),
  ring: t("{who} rang {what}"),
  call: t("{who} called {what}"),
  "call-answered": t("{who} answered {what}"),
  "call-declined": t("{who} declined {what}"),
  "call-ended": t("{who} ended the call with {what}"),
  "bell-rung": t("{who} pressed the bell of {what}"),
  "panel-locked": t("{who} locked a screen to the panel"),
  "panel-left": t("{who} opened a screen that was locked to the panel"),
  ptz: t("{who} turned {what}"),
  "ptz-preset": t("{who} turned {what} to a preset"),
  "bell-unmuted": t("{who} lets the bell of {what} ring again"),
  "chime-added": t("{who} added the chime {what}"),
  "chime-removed": t("{who} removed the chime {what}"),
  "sound-added": t("{who} added the sound {what}"),
  "sound-renamed": t("{who} gave a sound the name {what}"),
  "sound-removed": t("{who} deleted the sound {what}"),
  "say-host-added": t("{who} lets sounds be fetched from {what}"),
  "say-host-removed": t("{who} lets no sounds be fetched from {what}"),
  unlock: t("{who} opened {what}"),
};

/** One audit line as a sentence without its time: "Anna spoke through Front door". */
export function sayAudit(entry: {
  readonly actor: string;
  readonly action: string;
  readonly subject?: string;
}): string {
  const pattern =
    (words as Readonly<Record<string, string | undefined>>)[entry.action] ??
    `{who} ${entry.action.replaceAll(/[-._]/g, " ")} {what}`;
  const values = { who: entry.actor || t("The hub"), what: sayChannels(entry.subject ?? "") };
  return pattern.replace(/\{(who|what)\}/g, (_, place: "who" | "what") => values[place]).trim();
}

/** What was spoken to: devices as they are, areas and groups by their names. */
function sayChannels(subject: string): string {
  return subject
    .split(", ")
    .map((channel) => (channel === "all" ? t("everything") : channel.replace(/^(area|group):/, "")))
    .join(", ");
}

const oneGrant = /(\*|(?:area|device|group):[^=]+)=([\w,-]+)(?: |$)/g;

/** The detail of an audit line for people: an address by itself says where from, and rights are said in words. */
export function sayDetail(detail: string, deviceName: (id: string) => string | undefined = () => undefined): string {
  const given = detail.replace(/^grants: /, "");
  const grants = [...given.matchAll(oneGrant)];
  if (grants.length > 0 && given.replaceAll(oneGrant, "") === "") {
    const parsed = grants.map(([, scope = "", rights = ""]) => ({ scope, rights: rights.split(",") as Right[] }));
    return sayGrants(parsed as Grant[], deviceName);
  }
  if (given === "administrator") return t("everything, as administrator");
  if (detail === "::1" || detail.startsWith("127.")) return t("from the hub's own machine");
  return /^[0-9a-f]*[.:][0-9a-f.:]+$/i.test(detail)
    ? t("from {address}", { address: detail.replace(/^::ffff:/i, "") })
    : detail;
}

/** "Today", "Yesterday", or the date, for headings. */
export function dayName(atMs: number, nowMs: number, locale?: string): string {
  const day = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  if (day(atMs) === day(nowMs)) return t("Today");
  if (day(atMs) === day(day(nowMs) - 12 * 3_600_000)) return t("Yesterday");
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
  if (names.length === 2) return t("{first} and {second}", { first, second });
  return names.length === 3
    ? t("{first}, {second} and {third}", { first, second, third: third ?? "" })
    : t("{first}, {second} and {count} more", { first, second, count: names.length - 2 });
}
