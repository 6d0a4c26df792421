import type { DeviceMemory, Loudness, LoudnessControl, Speaker } from "../device/driver.ts";
import { background } from "../util/background.ts";
import type { Clock } from "../util/clock.ts";
import { messageOf, RecoverableError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { Serial } from "../util/serial.ts";
import { until } from "../util/until.ts";

/** Options of {@link RaisedLoudness}. */
export interface RaisedLoudnessOptions {
  /** Where it is kept what was set before, over restarts of the hub and of the device. */
  readonly memory: DeviceMemory;
  /** The device's speaker, while it is there. */
  readonly speaker: () => Speaker | undefined;
  /** Called when an emergency begins or ends to be played, and when the device was told to be louder. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** What was set before, and what the hub set in its place. */
interface Kept {
  readonly before: Loudness;
  readonly raised: Loudness;
}

const memoryKey = "loudness-before-emergency";
/** A device that does not take its loudness within this time is asked again when it comes back. */
const setMs = 5000;

/**
 * Lifts mute and raises the volume of a device that keeps its own loudness while emergencies are played there, and puts back
 * what was set before. What was set is kept until it was put back: a second emergency does not take the raised loudness for it,
 * and a restart of hub or device in between only delays it. What somebody changed by hand meanwhile stays as they left it.
 * Nothing waits for it: an emergency begins at once.
 */
export class RaisedLoudness {
  readonly #options: RaisedLoudnessOptions;
  readonly #work = new Serial();
  #playing = 0;

  constructor(options: RaisedLoudnessOptions) {
    this.#options = options;
  }

  /** True while an emergency is played. */
  get playing(): boolean {
    return this.#playing > 0;
  }

  /** True while the device is louder than it was set. */
  get raised(): boolean {
    return this.#kept() !== undefined;
  }

  /** An emergency is played until the handle is disposed. */
  raise(): Disposable {
    this.#playing++;
    this.#options.onChange();
    this.follow();
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#playing--;
        this.#options.onChange();
        this.follow();
      },
    };
  }

  /** The device came, or said how loud it is: raises or puts back what is to be. */
  follow(): void {
    if (!this.#options.speaker()?.loudness) return;
    background(
      this.#work.run(() => (this.playing ? this.#lift() : this.#restore())),
      (err) => this.#options.log.warn({ err }, `the loudness of an emergency was not set: ${messageOf(err)}`),
    );
  }

  async #lift(): Promise<void> {
    const { control, now } = this.#at();
    if (!control || !now) return;
    const kept = this.#kept();
    const raised: Loudness = { volume: 1, muted: false };
    if (isSame(now, raised)) return;
    this.#keep({ before: kept ? asLeft(now, kept) : now, raised });
    await this.#set(control, raised);
  }

  async #restore(): Promise<void> {
    const kept = this.#kept();
    const { control, now } = this.#at();
    if (!kept || !control || !now) return;
    const wanted = asLeft(now, kept);
    if (!isSame(wanted, now)) await this.#set(control, wanted);
    this.#keep(undefined);
  }

  #at(): { readonly control: LoudnessControl | undefined; readonly now: Loudness | undefined } {
    const control = this.#options.speaker()?.loudness;
    return { control, now: control?.now() };
  }

  async #set(control: LoudnessControl, loudness: Loudness): Promise<void> {
    const error = () =>
      new RecoverableError(`the device did not answer within ${setMs / 1000} s`, { code: "loudness" });
    await until(control.set(loudness), { within: { ms: setMs, clock: this.#options.clock, error } });
  }

  #keep(kept: Kept | undefined): void {
    this.#options.memory.set(memoryKey, kept);
    this.#options.onChange();
  }

  #kept(): Kept | undefined {
    const value = this.#options.memory.get(memoryKey);
    if (typeof value !== "object" || value === null || !("before" in value && "raised" in value)) return undefined;
    const { before, raised } = value;
    return isLoudness(before) && isLoudness(raised) ? { before, raised } : undefined;
  }
}

/** What is to be set when the emergency is over: each part as it was before, or as somebody changed it since. */
function asLeft(now: Loudness, { before, raised }: Kept): Loudness {
  return {
    volume: now.volume === raised.volume ? before.volume : now.volume,
    muted: now.muted === raised.muted ? before.muted : now.muted,
  };
}

function isSame(one: Loudness, other: Loudness): boolean {
  return one.volume === other.volume && one.muted === other.muted;
}

function isLoudness(value: unknown): value is Loudness {
  if (typeof value !== "object" || value === null || !("volume" in value && "muted" in value)) return false;
  return typeof value.volume === "number" && typeof value.muted === "boolean";
}
