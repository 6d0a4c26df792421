import type { Socket } from "node:net";
import { type DoorObject, writeDoorLine } from "../../protocols/door/parse.ts";
import type { Clock } from "../../util/clock.ts";

/** Options of {@link Outbox}. */
export interface OutboxOptions {
  readonly socket: Socket;
  readonly clock: Clock;
  /** Sound was left out because the other end does not read fast enough; at most once a second. */
  readonly onDropped: (dropped: ReadonlyMap<string, number>) => void;
  /** The other end has not read for so long that nothing can be said to it any more. */
  readonly onStuck: () => void;
}

/** What may lie in the socket before sound waits here, where the oldest of it gives way. */
const aheadBytes = 64 * 1024;
/** Sound that may wait; at most 2 s of it at 16 kHz, and three of the longest frames. */
const maxSoundBytes = 320 * 1024;
const maxFrames = 50;
/** Messages are not left out: whoever does not take so much of them is gone. */
const maxBytes = 1024 * 1024;
const stuckMs = 60_000;
const tellMs = 1000;

/** What is sent to one connection, bounded: a slow reader loses its oldest sound, and is told. The sender never waits. */
export class Outbox implements Disposable {
  #waiting: { readonly streamId: string; readonly bytes: Uint8Array | string; readonly size: number }[] = [];
  #waitingBytes = 0;
  #dropped = new Map<string, number>();
  #tell: Disposable | undefined;
  #stuck: Disposable | undefined;
  readonly #options: OutboxOptions;

  constructor(options: OutboxOptions) {
    this.#options = options;
    options.socket.on("drain", () => this.#drained());
  }

  /** Sends a message. */
  say(message: DoorObject): void {
    this.#write(writeDoorLine(message));
    if (this.#options.socket.writableLength > maxBytes) this.#options.onStuck();
  }

  /** Sends sound, at once or as soon as there is room, or not at all. */
  sound(streamId: string, bytes: Uint8Array | string): void {
    if (this.#waiting.length === 0 && this.#options.socket.writableLength < aheadBytes) {
      this.#write(bytes);
      return;
    }
    this.#waiting.push({ streamId, bytes, size: bytes.length });
    this.#waitingBytes += bytes.length;
    while (this.#waiting.length > 1 && (this.#waiting.length > maxFrames || this.#waitingBytes > maxSoundBytes)) {
      const oldest = this.#waiting.shift();
      if (!oldest) break;
      this.#waitingBytes -= oldest.size;
      this.#dropped.set(oldest.streamId, (this.#dropped.get(oldest.streamId) ?? 0) + 1);
    }
    if (this.#dropped.size > 0) this.#tellLater();
  }

  [Symbol.dispose](): void {
    this.#tell?.[Symbol.dispose]();
    this.#stuck?.[Symbol.dispose]();
    this.#waiting = [];
  }

  #write(bytes: Uint8Array | string): void {
    const { socket, clock, onStuck } = this.#options;
    if (!socket.writable) return;
    if (!socket.write(bytes)) this.#stuck ??= clock.timer(stuckMs, onStuck);
  }

  #drained(): void {
    this.#stuck?.[Symbol.dispose]();
    this.#stuck = undefined;
    while (this.#options.socket.writableLength < aheadBytes) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#waitingBytes -= next.size;
      this.#write(next.bytes);
    }
  }

  /** At once for the first, then merged. */
  #tellLater(): void {
    if (this.#tell) return;
    const { clock, onDropped } = this.#options;
    this.#tell = clock.timer(tellMs, () => {
      this.#tell = undefined;
      const dropped = this.#dropped;
      this.#dropped = new Map();
      if (dropped.size > 0) onDropped(dropped);
    });
  }
}
