import type { ReactiveController, ReactiveControllerHost } from "lit";
import { readPreferences } from "../app/preferences.ts";
import { isNight } from "../pure/night.ts";

const awakeForMs = 60_000;

/** A screen on a wall: it stays awake, knows the time, and is dim at night until somebody touches it. */
export class Awake implements ReactiveController {
  nowMs = Date.now();
  #touchedMs = 0;
  #ticker: number | undefined;
  #lock: WakeLockSentinel | undefined;
  readonly #host: ReactiveControllerHost;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Whether it is dim now. */
  get dim(): boolean {
    const { nightFrom, nightTo } = readPreferences();
    const hour = new Date(this.nowMs).getHours();
    return isNight(hour, { from: nightFrom, to: nightTo }) && this.nowMs - this.#touchedMs > awakeForMs;
  }

  hostConnected(): void {
    this.#ticker = window.setInterval(() => {
      this.nowMs = Date.now();
      this.#host.requestUpdate();
    }, 1000);
    for (const event of ["pointerdown", "keydown"]) window.addEventListener(event, this.#onTouch, { capture: true });
    document.addEventListener("visibilitychange", this.#stayAwake);
    void this.#stayAwake();
  }

  hostDisconnected(): void {
    clearInterval(this.#ticker);
    for (const event of ["pointerdown", "keydown"]) window.removeEventListener(event, this.#onTouch, { capture: true });
    document.removeEventListener("visibilitychange", this.#stayAwake);
    void this.#lock?.release();
  }

  #onTouch = (): void => {
    this.#touchedMs = Date.now();
    this.nowMs = this.#touchedMs;
    this.#host.requestUpdate();
  };

  #stayAwake = async (): Promise<void> => {
    if (document.hidden || !("wakeLock" in navigator)) return;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
    } catch {
      // A browser that saves its battery refuses; the tablet's own setting then decides.
    }
  };
}
