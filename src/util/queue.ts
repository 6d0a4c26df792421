/** Options of {@link AsyncQueue}. */
export interface QueueOptions<T> {
  /** Most items that wait; a push beyond it drops the oldest and calls `onDrop`. */
  readonly max: number;
  readonly onDrop?: (item: T) => void;
}

/** A bounded queue between a callback and one `for await`. `push` never waits: the oldest item gives way. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #open = true;
  #wake: (() => void) | undefined;
  readonly #options: QueueOptions<T>;

  constructor(options: QueueOptions<T>) {
    this.#options = options;
  }

  /** Items waiting. */
  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (!this.#open) return;
    if (this.#items.length >= this.#options.max) {
      const dropped = this.#items.shift();
      if (dropped !== undefined) this.#options.onDrop?.(dropped);
    }
    this.#items.push(item);
    this.#notify();
  }

  /** No more items; what waits can still be taken. */
  end(): void {
    this.#open = false;
    this.#notify();
  }

  /** No more items, and what waits is thrown away. */
  cancel(): void {
    this.#items = [];
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) yield item;
      else if (!this.#open) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
