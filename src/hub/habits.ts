/** When people open one camera: how usual each hour of the day is, fading from day to day. */
export interface Habit {
  /** Day on which it was last brought up to date, counted from 1970 by the clock on the wall. */
  readonly day: number;
  /** One for each hour of the day. */
  readonly scores: readonly number[];
  /** Day on which each hour counted last: once a day is enough, however often it is opened. */
  readonly counted: readonly number[];
}

/** A moment by the clock on the wall. */
export interface HourOfDay {
  readonly day: number;
  readonly hour: number;
}

const fading = 0.85;
/** Reached by two days in a row, or with up to two days between them; forgotten two days later, a custom of weeks after nine. */
const usualFrom = 1.55;

const hourMs = 3_600_000;

/** The hour and the day of a reading of the wall's clock (`wallTime`). */
export function hourOf(wall: number): HourOfDay {
  const hours = Math.floor(wall / hourMs);
  return { day: Math.floor(hours / 24), hour: hours % 24 };
}

/** What is known after somebody opened the camera at `at`. */
export function opened(habit: Habit | undefined, at: HourOfDay): Habit {
  const { scores, counted } = habit ?? { scores: Array<number>(24).fill(0), counted: Array<number>(24).fill(-1) };
  if (counted[at.hour] === at.day) return habit!;
  const faded = scores.map((score) => score * fadedSince(habit, at.day));
  return {
    day: at.day,
    scores: faded.map((score, hour) => (hour === at.hour ? score + 1 : score)),
    counted: counted.map((day, hour) => (hour === at.hour ? at.day : day)),
  };
}

/** How usual it is to open it at that hour; 0 where it is not. */
export function usualAt(habit: Habit | undefined, at: HourOfDay): number {
  const score = (habit?.scores[at.hour] ?? 0) * fadedSince(habit, at.day);
  return score >= usualFrom ? score : 0;
}

/** A habit as it was kept; undefined for what is none. */
export function habitFrom(kept: unknown): Habit | undefined {
  const { day, scores, counted } = (kept ?? {}) as Partial<Record<keyof Habit, unknown>>;
  const isDay = (list: unknown): list is readonly number[] =>
    Array.isArray(list) && list.length === 24 && list.every((one) => Number.isFinite(one));
  return typeof day === "number" && isDay(scores) && isDay(counted) ? { day, scores, counted } : undefined;
}

function fadedSince(habit: Habit | undefined, day: number): number {
  return fading ** Math.max(0, day - (habit?.day ?? day));
}
