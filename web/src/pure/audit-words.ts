/** What the audit's actions mean in plain words; `{}` is the subject. */
const words: Readonly<Record<string, string>> = {
  login: "signed in",
  "login-failed": "tried to sign in with a wrong password",
  logout: "signed out",
  setup: "set up this hub",
  "device-add": "added {}",
  "device-update": "changed {}",
  "device-remove": "removed {}",
  "device-restart": "restarted {}",
  "device-probe": "looked at {}",
  "user-add": "added the person {}",
  "user-update": "changed the rights of {}",
  "user-remove": "removed the person {}",
  "token-add": "made the token {}",
  "token-remove": "withdrew the token {}",
  view: "watched {}",
  listen: "listened to {}",
  talk: "spoke through {}",
  say: "had something said through {}",
  unlock: "opened {}",
};

/** One audit line as a sentence without its time: "Anna spoke through Front door". */
export function sayAudit(entry: { readonly actor: string; readonly action: string; readonly subject: string }): string {
  const action = entry.action.toLowerCase().replaceAll(/[._: ]/g, "-");
  const swapped = action.replace(/^(\w+)-(\w+)$/, "$2-$1");
  const pattern = words[action] ?? words[swapped] ?? `${action.replaceAll("-", " ")} {}`;
  const actor = entry.actor || "The hub";
  return `${actor} ${pattern.replace("{}", entry.subject)}`.trim();
}

/** "Today", "Yesterday", or the date, for headings. */
export function dayName(atMs: number, nowMs: number, locale?: string): string {
  const day = (ms: number) => new Date(ms).setHours(0, 0, 0, 0);
  if (day(atMs) === day(nowMs)) return "Today";
  if (day(atMs) === day(day(nowMs) - 12 * 3_600_000)) return "Yesterday";
  return new Date(atMs).toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
}
