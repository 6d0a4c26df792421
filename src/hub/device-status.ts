import type { Clock } from "../util/clock.ts";
import type { DevicePhase, DeviceState } from "./state.ts";
import type { Loss } from "./supervise.ts";

/** Options of {@link DeviceStatus}. */
export interface DeviceStatusOptions {
  readonly clock: Clock;
  readonly phase: DevicePhase;
  readonly onChange: () => void;
}

/** A picture that stopped is told so long after its last frame. */
const staleAfterMs = 4000;

/** What a device is doing, since when, and what went wrong last. */
export class DeviceStatus {
  #state: DeviceState;
  /** Who watches for a picture that stops: the loan, and for a moment the one after it. */
  #watchers = 0;
  #next: Disposable | undefined;
  #lastFrameUs: number | undefined;
  readonly #options: DeviceStatusOptions;

  constructor(options: DeviceStatusOptions) {
    this.#options = options;
    this.#state = { phase: options.phase, sinceMs: options.clock.wallMs() };
  }

  get state(): DeviceState {
    const lastUs = this.#lastFrameUs;
    if (lastUs === undefined) return this.#state;
    const { clock } = this.#options;
    return { ...this.#state, lastFrameMs: Math.round(clock.wallMs() - (clock.nowUs() - lastUs) / 1000) };
  }

  get phase(): DevicePhase {
    return this.#state.phase;
  }

  /** The last error stays until media flows or nobody wants the device. */
  set phase(phase: DevicePhase) {
    if (this.#state.phase === phase) return;
    const error = phase === "live" || phase === "idle" ? undefined : this.#state.error;
    this.#set({ phase, sinceMs: this.#options.clock.wallMs(), ...(error && { error }) });
  }

  /** A frame arrived. */
  alive(): void {
    this.#lastFrameUs = this.#options.clock.nowUs();
    this.phase = "live";
    if (this.#watchers > 0) this.#checkLater();
  }

  /** The driver lost the device. */
  lost({ error, retryInMs }: Loss): void {
    const atMs = this.#options.clock.wallMs();
    this.#set({
      phase: error.code === "wrong-password" ? "wrong-password" : "trouble",
      sinceMs: atMs,
      error: { code: error.code, message: error.message, atMs },
      retryAtMs: atMs + retryInMs,
    });
  }

  /** Watches for a picture that stops, until disposed. While none comes there is nothing to watch, and no timer. */
  watch(): Disposable {
    this.#watchers++;
    if (this.phase === "live") this.#checkLater();
    let watches = true;
    return {
      [Symbol.dispose]: () => {
        if (watches && --this.#watchers === 0) this.#stopChecks();
        watches = false;
      },
    };
  }

  #stopChecks(): void {
    this.#next?.[Symbol.dispose]();
    this.#next = undefined;
  }

  /** One timer for as long as frames may still come in time: it is set for when the last one is too old. */
  #checkLater(): void {
    if (this.#next) return;
    this.#next = this.#options.clock.timer(Math.max(1, staleAfterMs - this.#silentMs), () => {
      this.#next = undefined;
      if (this.phase !== "live") return;
      if (this.#lastFrameUs !== undefined && this.#silentMs >= staleAfterMs) this.phase = "stale";
      else this.#checkLater();
    });
  }

  get #silentMs(): number {
    return this.#lastFrameUs === undefined ? 0 : (this.#options.clock.nowUs() - this.#lastFrameUs) / 1000;
  }

  #set(state: DeviceState): void {
    this.#state = state;
    this.#options.onChange();
  }
}
