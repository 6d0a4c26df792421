/** Options of {@link Queue}. */
export interface QueueOptions {
  /** Beyond this the oldest is dropped; unbounded when not given (the producer then has its own bound). */
  readonly maxItems?: number;
  /** Called for each item taken. */
  readonly onTake?: () => void;
}

/** Hands items from a callback to one `for await`. What was queued before the end is still delivered. */
export class Queue<T> implements AsyncIterable<T> {
  dropped = 0;
  #items: T[] = [];
  #outcome: { readonly error?: Error } | undefined;
  #wake: (() => void) | undefined;
  readonly #options: QueueOptions;

  constructor(options: QueueOptions = {}) {
    this.#options = options;
  }

  /** Items waiting. */
  get size(): number {
    return this.#items.length;
  }

  push(item: T): void {
    if (this.#outcome) return;
    if (this.#items.length >= (this.#options.maxItems ?? Number.POSITIVE_INFINITY)) {
      this.#items.shift();
      this.dropped++;
    }
    this.#items.push(item);
    this.#wake?.();
  }

  /** No more items; with `error`, the reader gets it after the last one. The first end counts. */
  end(error?: Error): void {
    this.#outcome ??= error ? { error } : {};
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        this.#options.onTake?.();
        yield item;
      } else if (this.#outcome) {
        if (this.#outcome.error) throw this.#outcome.error;
        return;
      } else await this.#changed();
    }
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
