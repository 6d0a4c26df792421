import { z } from "zod";
import type { Clock } from "../util/clock.ts";
import { messageOf } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import type { HubDevice } from "./api.ts";
import type { MemoryStore } from "./device-memory.ts";
import { type Habit, habitFrom, hourOf, opened, usualAt } from "./habits.ts";
import { wallTime } from "./quiet-hours.ts";

/** The configuration file's `habits:`. */
export const habitsConfig = z
  .strictObject({
    cameras: z
      .int()
      .min(0)
      .max(256)
      .default(4)
      .describe(
        "How many cameras may be connected without a viewer at once, in hours in which people usually open them; 0 for none.",
      ),
  })
  .prefault({})
  .describe("What the hub learns of when cameras are opened, so that the next opening shows a picture at once.");

/** {@link habitsConfig} */
export type HabitsConfig = z.output<typeof habitsConfig>;

/** Options of {@link WarmByHabit}. */
export interface WarmByHabitOptions {
  readonly devices: () => readonly HubDevice[];
  /** Keeps what was learnt of each device. */
  readonly store: MemoryStore;
  readonly timeZone: () => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

const lookEveryMs = 60_000;
/** An hour begins so much before it does: cameras take some seconds to connect, and people come early. */
const aheadMs = 5 * 60_000;

/**
 * Keeps cameras connected in the hours in which people open them: those that are opened most, and no more than the
 * configuration allows. Learns from people alone, not from the hub's own use. Disposed by its maker.
 */
export class WarmByHabit implements Disposable {
  #config: HabitsConfig = habitsConfig.parse({});
  readonly #habits = new Map<string, Habit | undefined>();
  /** Since it was looked last. */
  readonly #removed = new Set<string>();
  readonly #held = new Map<string, Disposable>();
  /** Whose habit could not be read; told once, and nothing is written over it. */
  readonly #unread = new Set<string>();
  readonly #options: WarmByHabitOptions;
  #next: Disposable;

  constructor(options: WarmByHabitOptions) {
    this.#options = options;
    this.#next = options.clock.timer(lookEveryMs, () => this.#look());
  }

  /** Takes up what the configuration says. */
  follow(config: HabitsConfig): void {
    this.#config = config;
    this.#hold(this.#usual());
  }

  /** Somebody opened it. */
  opened(id: string): void {
    const before = this.#habit(id);
    const habit = opened(before, this.#at(0));
    if (habit === before || this.#unread.has(id)) return;
    this.#habits.set(id, habit);
    this.#save(id, habit);
  }

  /** It is not there any more. What was learnt of it stays for a camera that was only set up anew, otherwise it is forgotten. */
  removed(id: string): void {
    this.#release(id);
    this.#removed.add(id);
  }

  [Symbol.dispose](): void {
    this.#next[Symbol.dispose]();
    this.#hold([]);
  }

  #look(): void {
    this.#next = this.#options.clock.timer(lookEveryMs, () => this.#look());
    const there = new Set(this.#options.devices().map(({ id }) => id));
    for (const id of this.#removed) if (!there.has(id)) this.#forget(id);
    this.#removed.clear();
    this.#hold(this.#usual());
  }

  #forget(id: string): void {
    this.#habits.delete(id);
    this.#unread.delete(id);
    this.#save(id, undefined);
  }

  /** Those that are opened at this hour, most usual first, as many as may be. */
  #usual(): readonly HubDevice[] {
    const hours = [this.#at(0), this.#at(aheadMs)];
    const { devices } = this.#options;
    const score = ({ id }: HubDevice) => Math.max(...hours.map((at) => usualAt(this.#habit(id), at)));
    return devices()
      .filter(({ settings }) => settings.warmByHabit && settings.enabled && !settings.warm)
      .map((device) => ({ device, score: score(device) }))
      .filter((one) => one.score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, this.#config.cameras)
      .map(({ device }) => device);
  }

  #hold(usual: readonly HubDevice[]): void {
    const ids = new Set(usual.map(({ id }) => id));
    for (const id of [...this.#held.keys()]) if (!ids.has(id)) this.#release(id);
    for (const device of usual) {
      if (this.#held.has(device.id)) continue;
      this.#options.log.debug({ device: device.id }, "connected because it is usually opened at this hour");
      this.#held.set(device.id, device.demand());
    }
  }

  #release(id: string): void {
    this.#held.get(id)?.[Symbol.dispose]();
    this.#held.delete(id);
  }

  #habit(id: string): Habit | undefined {
    if (!this.#habits.has(id)) this.#load(id);
    return this.#habits.get(id);
  }

  /** Trouble of the store costs the habit only: whoever opens the camera goes on. What cannot be read now may be later. */
  #load(id: string): void {
    try {
      this.#habits.set(id, habitFrom(this.#options.store.load(id)));
      this.#unread.delete(id);
    } catch (error) {
      if (!this.#unread.has(id)) this.#trouble(id, error);
      this.#unread.add(id);
    }
  }

  #save(id: string, habit: Habit | undefined): void {
    try {
      this.#options.store.save(id, habit);
    } catch (error) {
      this.#trouble(id, error);
    }
  }

  #trouble(id: string, error: unknown): void {
    const { log } = this.#options;
    log.warn({ err: error, device: id }, `when ${id} is usually opened cannot be read or kept: ${messageOf(error)}`);
  }

  #at(laterMs: number): ReturnType<typeof hourOf> {
    return hourOf(wallTime(this.#options.clock.wallMs() + laterMs, this.#options.timeZone()));
  }
}
