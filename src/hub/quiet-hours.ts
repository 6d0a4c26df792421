import type { QuietHours } from "./bell-settings.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

/** A reading of the clock on the wall, as milliseconds of a day that knows no zones. */
type WallMs = number;

/**
 * True within quiet hours, by the clock on the wall in `timeZone` (the machine's when undefined). Hours over midnight belong to the day on which they
 * begin. Each night is quiet once: from the first moment at which the clock shows, or has jumped over, the first time, to
 * the first such moment of the second, also when the clock is put forward or back between them.
 */
export function isQuietAt(
  hours: QuietHours,
  at: { readonly wallMs: number; readonly timeZone: string | undefined },
): boolean {
  const zone = zoneOf(at.timeZone);
  const today = Math.floor(zone.wallOf(at.wallMs) / dayMs) * dayMs;
  return hours.some(({ from, to, days }) =>
    [today - dayMs, today].some((day) => {
      if (days && !days.includes(weekdays[new Date(day).getUTCDay()] ?? "sun")) return false;
      const [begins, ends] = [minutesOf(from), minutesOf(to)];
      const lastDay = ends <= begins ? day + dayMs : day;
      const first = zone.instantOf(day + begins * minuteMs);
      return first <= at.wallMs && at.wallMs < zone.instantOf(lastDay + ends * minuteMs);
    }),
  );
}

/**
 * What the clock on the wall in `timeZone` (the machine's when undefined) shows at `ms`, as milliseconds of a calendar that knows
 * no zones.
 */
export function wallTime(ms: number, timeZone: string | undefined): number {
  return zoneOf(timeZone).wallOf(ms);
}

interface Zone {
  wallOf(ms: number): WallMs;
  /** The first moment of the day at which the clock shows `wall` or more. */
  instantOf(wall: WallMs): number;
}

const zones = new Map<string, Zone>();

/** The machine's own zone, without Intl: whoever asks that for the first time loads 8 MB. */
const machineZone = zoneBy((ms) => Math.floor(ms / 1000) * 1000 - new Date(ms).getTimezoneOffset() * minuteMs);

function zoneBy(wallOf: Zone["wallOf"]): Zone {
  return { wallOf, instantOf: (wall) => instantOf(wall, wallOf) };
}

function zoneOf(timeZone: string | undefined): Zone {
  if (timeZone === undefined) return machineZone;
  const known = zones.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    calendar: "iso8601",
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const wallOf = (ms: number): WallMs => {
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  };
  const zone = zoneBy(wallOf);
  zones.set(timeZone, zone);
  return zone;
}

/** The clock of a zone is put by a few hours at most: before and after that, its offsets are those of the day's two ends. */
function instantOf(wall: WallMs, wallOf: Zone["wallOf"]): number {
  const offsetAt = (ms: number) => wallOf(ms) - Math.floor(ms / 1000) * 1000;
  const candidates = [offsetAt(wall - dayMs), offsetAt(wall + dayMs)].map((offsetMs) => wall - offsetMs);
  const shown = candidates.filter((ms) => wallOf(ms) === wall);
  if (shown.length > 0) return Math.min(...shown);
  // The clock jumps over it: the moment of the jump.
  let [before, after] = [Math.min(...candidates), Math.max(...candidates)];
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2000) * 1000;
    if (middle === before || middle === after) break;
    if (wallOf(middle) < wall) before = middle;
    else after = middle;
  }
  return after;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}
