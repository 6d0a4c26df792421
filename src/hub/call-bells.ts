import type { CallEndReason } from "./call-info.ts";
import { bellOf, remember } from "./call-running.ts";
import type { CallEffect, CallMachineOptions, CallRequest, Instant } from "./call-steps.ts";

interface Bell {
  /** Its last call, running or over. */
  callId: string;
  lastPressUs: number;
  /** Recent presses that said which they are. */
  readonly pressIds: Map<string, string>;
  /** When its unanswered calls ended. */
  unansweredUs: number[];
  mutedUntilUs: number;
}

/** What is asked of a press. */
type Press = Pick<CallRequest, "from" | "pressId">;

/** A press's own id is remembered for so many presses of a bell. */
const rememberedPresses = 32;
const rememberedBells = 256;

/** What is remembered of bells: which presses are one, and which rang so often for nobody that they are muted. */
export class CallBells {
  readonly #bells = new Map<string, Bell>();
  readonly #bounceUs: number;
  readonly #muteAfter: number;
  readonly #muteWithinUs: number;
  readonly #muteForUs: number;

  constructor(options: CallMachineOptions) {
    this.#bounceUs = (options.bounceMs ?? 3000) * 1000;
    this.#muteAfter = options.muteAfter ?? 10;
    this.#muteWithinUs = (options.muteWithinMs ?? 600_000) * 1000;
    this.#muteForUs = (options.muteForMs ?? 600_000) * 1000;
  }

  /** The bells that are muted, with the moment (µs) until which. */
  muted(nowUs: number): ReadonlyMap<string, number> {
    const muted = [...this.#bells].filter(([, bell]) => bell.mutedUntilUs > nowUs);
    return new Map(muted.map(([key, bell]) => [key, bell.mutedUntilUs]));
  }

  /** Lets a muted bell ring again. */
  unmute(bell: string): void {
    const found = this.#bells.get(bell);
    if (!found) return;
    found.mutedUntilUs = 0;
    found.unansweredUs = [];
  }

  /** True while a press of this bell makes no call. */
  isMuted(from: Press["from"], nowUs: number): boolean {
    return (this.#bells.get(bellOf(from))?.mutedUntilUs ?? 0) > nowUs;
  }

  /** The calls that a press may belong to, the likeliest first: that of the same press, that of the same bell. */
  callsOf({ from, pressId }: Press, how: { readonly now: Instant; readonly runs: (id: string) => boolean }): string[] {
    const bell = this.#bells.get(bellOf(from));
    if (!bell) return [];
    const known = pressId === undefined ? undefined : bell.pressIds.get(pressId);
    const isSame = how.runs(bell.callId) || how.now.us - bell.lastPressUs < this.#bounceUs;
    return [...(known === undefined ? [] : [known]), ...(isSame ? [bell.callId] : [])];
  }

  /** A press turned out to belong to a call that was there. */
  joined(
    { from, pressId }: Press,
    call: { readonly id: string; readonly now: Instant; readonly runs: (id: string) => boolean },
  ): void {
    const bell = this.#bells.get(bellOf(from));
    if (!bell) return;
    if (call.runs(bell.callId)) bell.lastPressUs = call.now.us;
    remember(bell.pressIds, { key: pressId, value: call.id, most: rememberedPresses });
  }

  /** A press made a call. */
  pressed({ id, from, pressId }: CallRequest, now: Instant): void {
    const key = bellOf(from);
    const fresh = { pressIds: new Map(), unansweredUs: [], mutedUntilUs: 0, callId: "", lastPressUs: 0 };
    const bell: Bell = this.#bells.get(key) ?? fresh;
    bell.callId = id;
    bell.lastPressUs = now.us;
    remember(bell.pressIds, { key: pressId, value: id, most: rememberedPresses });
    this.#bells.delete(key);
    remember(this.#bells, { key, value: bell, most: rememberedBells });
  }

  /** A call of this bell ended before anybody answered. */
  unanswered(key: string, how: { readonly reason: CallEndReason; readonly now: Instant }): readonly CallEffect[] {
    const { reason, now } = how;
    const bell = this.#bells.get(key);
    if (!bell) return [];
    if (reason === "opened") {
      this.unmute(key);
      return [];
    }
    bell.unansweredUs = [...bell.unansweredUs.filter((us) => now.us - us < this.#muteWithinUs), now.us];
    if (bell.unansweredUs.length < this.#muteAfter) return [];
    bell.unansweredUs = [];
    bell.mutedUntilUs = now.us + this.#muteForUs;
    return [{ type: "muted", bell: key, untilWallMs: now.wallMs + this.#muteForUs / 1000 }];
  }
}
