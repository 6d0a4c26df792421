import type { Clock } from "../util/clock.ts";
import { Histogram, type HistogramCounts } from "../util/histogram.ts";
import type { CallEvent } from "./call-api.ts";
import { type CallEndReason, endReasons } from "./call-info.ts";

/** What of a call is timed. */
export const callTimeNames = [
  "ring_to_confirmed",
  "ring_to_picture",
  "ring_to_answer",
  "answer_to_picture",
  "answer_to_first_word",
] as const;

/** One of {@link callTimeNames}. */
export type CallTimeName = (typeof callTimeNames)[number];

const bounds = [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 20, 45, 90];

/** How long calls take, and how they end: read by whoever shows the hub's numbers. */
export class CallTimes {
  readonly #clock: Clock;
  readonly #times = new Map(callTimeNames.map((name) => [name, new Histogram(bounds)]));
  readonly #ends = new Map<CallEndReason, number>(endReasons.map((reason) => [reason, 0]));
  /** When each running call rang and was answered (µs), until what is timed of it has happened. */
  readonly #running = new Map<
    string,
    {
      readonly rangUs: number;
      answeredUs?: number;
      told: boolean;
      confirmed: boolean;
      pictured: boolean;
      spoken: boolean;
    }
  >();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something happened to a call. */
  follow({ call, change }: Pick<CallEvent, "call" | "change">): void {
    const nowUs = this.#clock.nowUs();
    const fresh = { rangUs: nowUs, told: false, confirmed: false, pictured: false, spoken: false };
    if (change === "ringing") this.#running.set(call.id, fresh);
    const running = this.#running.get(call.id);
    if (!running) return;
    if (change === "confirmed" && !running.confirmed) {
      running.confirmed = true;
      this.#took("ring_to_confirmed", nowUs - running.rangUs);
    }
    if (change === "answered") {
      running.answeredUs = nowUs;
      this.#took("ring_to_answer", nowUs - running.rangUs);
      if (running.pictured) this.#took("answer_to_picture", 0);
    }
    if (call.state !== "ended") return;
    this.#running.delete(call.id);
    const reason = call.endReason ?? "ended";
    this.#ends.set(reason, (this.#ends.get(reason) ?? 0) + 1);
  }

  /** Somebody sees the live picture of a call: what they saw before they answered took no time after it. */
  picture(callId: string): void {
    const running = this.#running.get(callId);
    if (!running || running.pictured) return;
    running.pictured = true;
    const nowUs = this.#clock.nowUs();
    this.#took("ring_to_picture", nowUs - running.rangUs);
    if (running.answeredUs !== undefined) this.#took("answer_to_picture", nowUs - running.answeredUs);
  }

  /** The first word of an answered call was heard by another party. Said again it counts no more. */
  firstWord(callId: string): void {
    const running = this.#running.get(callId);
    if (running?.answeredUs === undefined || running.spoken) return;
    running.spoken = true;
    this.#took("answer_to_first_word", this.#clock.nowUs() - running.answeredUs);
  }

  /** Somebody was told that a call rings: how long after it began to (µs), the first time; undefined after that. */
  told(callId: string): number | undefined {
    const running = this.#running.get(callId);
    if (!running || running.told) return undefined;
    running.told = true;
    return this.#clock.nowUs() - running.rangUs;
  }

  /** What was timed so far. */
  histogram(name: CallTimeName): HistogramCounts {
    return this.#times.get(name) ?? new Histogram(bounds);
  }

  /** How many calls ended, by reason. */
  get ends(): ReadonlyMap<CallEndReason, number> {
    return this.#ends;
  }

  #took(name: CallTimeName, us: number): void {
    this.#times.get(name)?.took(us);
  }
}
