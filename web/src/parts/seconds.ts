import type { ReactiveController, ReactiveControllerHost } from "lit";

/** The time, for an element that tells how long something lasts: it is drawn again each second while it is shown. */
export class Seconds implements ReactiveController {
  nowMs = Date.now();
  #ticker: number | undefined;
  readonly #host: ReactiveControllerHost;

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#ticker = window.setInterval(() => {
      this.nowMs = Date.now();
      this.#host.requestUpdate();
    }, 1000);
  }

  hostDisconnected(): void {
    clearInterval(this.#ticker);
  }
}
