import type { WebSocket } from "ws";

/** So much may be on its way before frames wait here: a quarter of a second. */
const maxOnTheWayBytes = 8 * 1024;
/** So many frames wait, half a second; then the oldest goes. */
const maxWaiting = 25;

/** Sound towards one client. Who reads slowly loses the oldest of it, which is counted, and delays nobody. */
export class SoundOut {
  readonly #socket: WebSocket;
  #waiting: Uint8Array[] = [];
  #sent = 0;
  #dropped = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Frames that were sent, and that were dropped because the client was slow; monotonic. */
  get counters(): { readonly sent: number; readonly dropped: number } {
    return { sent: this.#sent, dropped: this.#dropped };
  }

  /** One frame as it goes over the wire. */
  push(frame: Uint8Array): void {
    this.#waiting.push(frame);
    if (this.#waiting.length > maxWaiting) {
      this.#waiting.shift();
      this.#dropped++;
    }
    this.#flush();
  }

  /** What waits is heard no more: the talk was cut off. */
  cancel(): void {
    this.#waiting = [];
  }

  #flush(): void {
    const socket = this.#socket;
    while (this.#waiting.length > 0 && socket.readyState === socket.OPEN && socket.bufferedAmount < maxOnTheWayBytes) {
      const frame = this.#waiting.shift();
      if (!frame) return;
      this.#sent++;
      socket.send(frame, { binary: true }, (error) => {
        if (!error) this.#flush();
      });
    }
  }
}
