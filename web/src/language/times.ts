import { readPreferences } from "../app/preferences.ts";
import { language } from "./t.ts";

/** The browser's own variety of the language that the page speaks: `en-GB`. */
export function locale(): string {
  const own = navigator.languages.find((tag) => tag.toLowerCase().split("-")[0] === language());
  return own ?? language();
}

/** "14:05" or "2:05 PM": as the browser's language writes it, or as the person chose. */
export function timeOfDay(at: Date | number): string {
  const how = { minute: "2-digit", ...hours() } as const;
  const { hour12 } = new Intl.DateTimeFormat(locale(), { hour: "2-digit", ...how }).resolvedOptions();
  return new Intl.DateTimeFormat(locale(), { hour: hour12 ? "numeric" : "2-digit", ...how }).format(at);
}

/** A day and, where it is asked for, its time. */
export function dayOf(at: Date | number, how: Intl.DateTimeFormatOptions): string {
  const shows = how.timeStyle !== undefined || how.hour !== undefined;
  return new Intl.DateTimeFormat(locale(), { ...how, ...(shows && hours()) }).format(at);
}

/** A day of the week, Monday being 0: "Monday", "Mon". */
export function weekday(index: number, how: "long" | "short"): string {
  // 1 January 2024 was a Monday.
  return new Intl.DateTimeFormat(locale(), { weekday: how, timeZone: "UTC" }).format(Date.UTC(2024, 0, 1 + index));
}

function hours(): Pick<Intl.DateTimeFormatOptions, "hour12"> {
  const { clock } = readPreferences();
  return clock === "system" ? {} : { hour12: clock === "12" };
}
