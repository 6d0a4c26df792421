import { z } from "zod";
import type { DeviceMemory } from "../device/driver.ts";

const known = z.enum(["yes", "no", "unknown"]);

/** What a device can do, as far as is known; known while it is not connected, too. */
export const canSchema = z.object({
  view: known.describe("It shows a picture."),
  listen: known.describe("It gives sound."),
  talk: known.describe("It has a speaker."),
  ring: known.describe("Somebody can ring there."),
  unlock: known.describe("It opens a door."),
  ptz: known.describe("It can be turned."),
});

/** {@link canSchema} */
export type Can = Readonly<z.infer<typeof canSchema>>;

/** What a connection showed of the device. */
export interface Shown {
  readonly video: boolean;
  readonly audio: boolean;
  readonly speaker: boolean;
}

/** What connections tell; the rest is told by the configuration. */
type Learnt = Pick<Can, "view" | "listen" | "talk">;

const key = "can";
const learntSchema = z.object({ view: known, listen: known, talk: known }).partial();

/**
 * What one device can do: what its driver or kind is sure of, else what its connections showed, which is kept over restarts. What
 * a connection did not show until it ended counts as not there until another shows it.
 */
export class Abilities {
  readonly #sure: Partial<Can>;
  readonly #memory: DeviceMemory;
  /** What this connection showed; undefined until it showed anything. */
  #shown: Shown | undefined;

  constructor(options: {
    readonly sure?: Partial<Can> | undefined;
    readonly memory: Pick<DeviceMemory, "get" | "set">;
  }) {
    this.#sure = options.sure ?? {};
    this.#memory = options.memory;
  }

  /** No device of this kind has a speaker. */
  get speakerless(): boolean {
    return this.#sure.talk === "no";
  }

  /** What is connected now shows this much. Shows nothing: it is gone, or has not begun. */
  shows({ video, audio, speaker }: Shown): void {
    if (!(video || audio || speaker)) return;
    const before = this.#shown;
    this.#shown = {
      video: video || before?.video === true,
      audio: audio || before?.audio === true,
      speaker: speaker || before?.speaker === true,
    };
    this.#learn((has) => (has ? "yes" : undefined));
  }

  /** The connection is over: what it did not show is not there. */
  ended(): void {
    this.#learn((has) => (has ? "yes" : "no"));
    this.#shown = undefined;
  }

  /** All of it, with what the configuration says. */
  with(configured: { readonly bell: boolean; readonly lock: boolean; readonly ptz: boolean }): Can {
    const learnt = this.#learnt;
    return {
      view: this.#sure.view ?? learnt.view ?? "unknown",
      listen: this.#sure.listen ?? learnt.listen ?? "unknown",
      talk: this.#sure.talk ?? learnt.talk ?? "unknown",
      ring: configured.bell ? "yes" : (this.#sure.ring ?? "no"),
      unlock: configured.lock ? "yes" : "no",
      ptz: configured.ptz ? "yes" : (this.#sure.ptz ?? "no"),
    };
  }

  get #learnt(): Partial<Learnt> {
    const kept = this.#memory.get(key);
    // What zod makes of nothing is an error with a stack: dear, where thousands of devices are looked at.
    return kept === undefined ? {} : (learntSchema.safeParse(kept).data ?? {});
  }

  #learn(word: (has: boolean) => "yes" | "no" | undefined): void {
    const shown = this.#shown;
    if (!shown) return;
    const before = this.#learnt;
    const fresh = {
      view: word(shown.video) ?? before.view,
      listen: word(shown.audio) ?? before.listen,
      talk: word(shown.speaker) ?? before.talk,
    };
    const told = Object.entries(fresh).filter(([, value]) => value !== undefined);
    this.#memory.set(key, Object.fromEntries(told));
  }
}
