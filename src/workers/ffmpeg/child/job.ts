import type { Frame } from "../../../media/frame.ts";
import type { FromChild, Opened, StreamFrame, ToChild } from "../messages.ts";

/** The child's end of one job: what was pushed, asked and granted. Lives until its starter returns. */
export class Job {
  #pushed: Frame[] = [];
  #taken = 0;
  /** Of what was pushed, how much is in the hands of `pushed`. */
  #left = 0;
  #skipped = 0;
  #ended = false;
  #closed = false;
  #credit = 0;
  #onNews: ((message: ToChild) => void) | undefined;
  #bytes: ((bytes: Uint8Array | undefined) => void) | undefined;
  #wake: (() => void) | undefined;
  readonly #id: number;
  readonly #say: (message: FromChild) => void;

  constructor(id: number, say: (message: FromChild) => void) {
    this.#id = id;
    this.#say = say;
  }

  /** True once the hub wants no more of it. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Frames that were pushed and not begun with. */
  get waiting(): number {
    return this.#left + this.#pushed.length;
  }

  /** A picture was left out for want of time; the hub is told with the next frames that are taken. */
  skipped(): void {
    this.#skipped++;
  }

  /** A message from the hub for this job. */
  take(message: ToChild): void {
    if (message.op === "push") this.#pushed.push(message.frame);
    else if (message.op === "credit") this.#credit += message.frames;
    else if (message.op === "end") this.#ended = true;
    else if (message.op === "close") this.#closed = true;
    if (message.op === "bytes" || message.op === "close") {
      const answer = this.#bytes;
      this.#bytes = undefined;
      answer?.(message.op === "bytes" ? message.bytes : undefined);
    }
    this.#onNews?.(message);
    this.#wake?.();
  }

  /** Is told each message for this job from now on, at once. */
  follow(onNews: (message: ToChild) => void): void {
    this.#onNews = onNews;
  }

  opened(opened: Opened): void {
    if (!this.#closed) this.#say({ type: "opened", id: this.#id, opened });
  }

  frames(frames: readonly Frame[]): void {
    if (frames.length === 0 || this.#closed) return;
    this.#say({ type: "frames", id: this.#id, frames: frames.map((frame) => ({ stream: 0, ...frame })) });
  }

  end(note?: string): void {
    if (!this.#closed) this.#say({ type: "end", id: this.#id, note });
  }

  /** Frames that the hub pushes, until it says that there are no more. */
  async *pushed(): AsyncGenerator<Frame, void, void> {
    for (;;) {
      const batch = this.#pushed;
      this.#pushed = [];
      this.#left = batch.length;
      for (const frame of batch) {
        if (this.#closed) return;
        this.#left--;
        yield frame;
        if (++this.#taken % 8 === 0) this.#took();
      }
      if (this.#pushed.length > 0) continue;
      if (this.#closed || this.#ended) return;
      await this.#changed();
    }
  }

  /** The next bytes of the hub's stream; undefined at its end, and once the job is closed. */
  pull(): Promise<Uint8Array | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    this.#say({ type: "need", id: this.#id });
    return new Promise((resolve) => {
      this.#bytes = resolve;
    });
  }

  /** Sends what `batches` gives as far as the hub granted it; returns what the generator returned. */
  async send<Batch, Result>(
    batches: AsyncGenerator<Batch, Result, void>,
    shape: (batch: Batch) => readonly StreamFrame[],
  ): Promise<Result | undefined> {
    try {
      for (;;) {
        while (this.#credit <= 0 && !this.#closed) await this.#changed();
        if (this.#closed) return undefined;
        const next = await batches.next();
        if (next.done) return next.value;
        const frames = shape(next.value);
        this.#credit -= frames.length;
        if (frames.length > 0) this.#say({ type: "frames", id: this.#id, frames });
      }
    } finally {
      await batches.return(undefined as Result);
    }
  }

  #took(): void {
    this.#say({ type: "took", id: this.#id, frames: 8, ...(this.#skipped > 0 && { skipped: this.#skipped }) });
    this.#skipped = 0;
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
