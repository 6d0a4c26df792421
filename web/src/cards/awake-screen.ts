/** What keeps a screen on until it is released: a `WakeLockSentinel`. */
export interface ScreenLock {
  readonly released: boolean;
  release(): Promise<void>;
}

/** Keeps the screen on while that is wanted: one lock at most, and one request for it. */
export class AwakeScreen {
  readonly #ask: () => Promise<ScreenLock>;
  #wanted = false;
  #asking = false;
  #lock: ScreenLock | undefined;

  constructor(ask: () => Promise<ScreenLock> = askBrowser) {
    this.#ask = ask;
  }

  /** Says whether it is to stay on. A lock that the browser took back, as of a hidden page, is asked for again. */
  want(wanted: boolean): void {
    this.#wanted = wanted;
    if (!wanted) this.#release();
    else if (!this.#asking && (this.#lock?.released ?? true)) void this.#hold();
  }

  async #hold(): Promise<void> {
    this.#asking = true;
    try {
      this.#lock = await this.#ask();
    } catch {
      // A browser that saves its battery refuses; the tablet's own setting then decides.
    } finally {
      this.#asking = false;
    }
    if (!this.#wanted) this.#release();
  }

  #release(): void {
    this.#lock?.release().catch(() => {}); // The browser took it back already.
    this.#lock = undefined;
  }
}

async function askBrowser(): Promise<ScreenLock> {
  return navigator.wakeLock.request("screen");
}
