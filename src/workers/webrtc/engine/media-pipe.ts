import type { Writable } from "node:stream";
import { ScratchMemory } from "../../../util/scratch-memory.ts";
import { type MediaMessage, MediaWriter } from "./media.ts";

/** What has not left this process yet. */
interface Waiting {
  /** Of all bytes that were ever written to the pipe, where this message ends. */
  readonly end: number;
  readonly onSent: () => void;
}

/**
 * The way of media to a child: what is said of tracks, in one write for each message, from memory that is used again as soon as
 * the system has taken it, which is at once unless the child falls behind. The pipe is somebody else's, and others may write to it.
 */
export class MediaPipe {
  readonly #memory = new ScratchMemory();
  readonly #writer = new MediaWriter(this.#memory.take);
  readonly #waiting: Waiting[] = [];
  #written = 0;
  readonly #pipe: Writable;

  constructor(pipe: Writable) {
    this.#pipe = pipe;
    pipe.on("drain", () => this.#tell());
  }

  /** `onSent` is called once the message has left, mostly before this returns. Throws what {@link MediaWriter.write} throws. */
  post(message: MediaMessage, onSent?: () => void): void {
    const bytes = this.#writer.write(message);
    // No callback: the stream would call it in a turn of its own, for each frame.
    this.#pipe.write(bytes);
    this.#written += bytes.length;
    if (onSent) this.#waiting.push({ end: this.#written, onSent });
    if (this.#pipe.writableLength > 0) this.#memory.leave();
    else this.#memory.reset();
    this.#tell();
  }

  /** What others wrote meanwhile counts as waiting as well: it may be told later then, and not too soon. */
  #tell(): void {
    const left = this.#written - this.#pipe.writableLength;
    while (this.#waiting[0] && this.#waiting[0].end <= left) this.#waiting.shift()?.onSent();
  }
}
