import { type StationCallNews, type StationCallWish, stationCallTimes } from "../../protocols/room/calls.ts";

/** Options of {@link OwnCall}. */
export interface OwnCallOptions {
  /** Tells the hub what somebody here wants. */
  readonly onWish: (wish: StationCallWish) => void;
  /** Another state, or another call. */
  readonly onChange: (news: StationCallNews) => void;
}

/** After a call was made so long the hub's answer to it is expected. */
const callMs = 10_000;

/**
 * Our call, as the hub tells of it. The microphone is opened for no call that nobody here made or answered, whatever comes over
 * MQTT. Pure: time comes in as an argument (ms).
 */
export class OwnCall {
  readonly #options: OwnCallOptions;
  #news: StationCallNews = { state: "idle" };
  #heardMs: number | undefined;
  /** The call that somebody here answered. */
  #answered: string | undefined;
  /** Until when a call is ours that nobody told of before; as long as we call. */
  #callsUntilMs = 0;

  constructor(options: OwnCallOptions) {
    this.#options = options;
  }

  /** How it stands. */
  get news(): StationCallNews {
    return this.#news;
  }

  /** A hub is there that makes calls of ours, to whomever it knows. */
  get isKnown(): boolean {
    return this.#heardMs !== undefined;
  }

  /** Where our microphone is to be heard; undefined while it is to be closed. */
  get talksTo(): string | undefined {
    const { state, id, to } = this.#news;
    return state === "answered" && id === this.#answered ? to : undefined;
  }

  /** The hub says how it stands. */
  take(news: StationCallNews, nowMs: number): void {
    this.#heardMs = nowMs;
    const { id, state } = news;
    const ours = nowMs < this.#callsUntilMs && (state === "calling" || state === "answered");
    if (ours) {
      this.#answered = id;
      this.#callsUntilMs = 0;
    }
    const before = this.#news;
    this.#news = news;
    if (before.state !== state || before.id !== id || before.who !== news.who) this.#options.onChange(news);
  }

  /** Somebody here called. */
  calls(nowMs: number): void {
    this.#callsUntilMs = nowMs + callMs;
  }

  /** Answers what rings; false when nothing does. */
  answer(): boolean {
    const { state, id } = this.#news;
    if (state !== "ringing" || id === undefined) return false;
    this.#answered = id;
    this.#options.onWish({ do: "answer", id });
    return true;
  }

  /** Declines what rings, or hangs up; false when there is nothing of that. */
  hangUp(): boolean {
    const { state, id } = this.#news;
    if (state === "idle" || id === undefined) return false;
    this.#answered = undefined;
    this.#options.onWish({ do: state === "ringing" ? "decline" : "hangup", id });
    return true;
  }

  /** Time passes: a hub of which nothing is heard any more has no call for us. */
  tick(nowMs: number): void {
    if (this.#news.state === "idle" || nowMs - (this.#heardMs ?? nowMs) < stationCallTimes.lostS * 1000) return;
    this.take({ state: "idle", why: "the hub is gone" }, nowMs);
  }
}
