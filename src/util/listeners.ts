/**
 * A set of callbacks: what is called when something changes. A listener that throws disturbs neither the others nor
 * whoever emits: its error goes to `onError`.
 */
export class Listeners<T> {
  #listeners = new Set<(event: T) => void>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Registers `listener` until the returned handle is disposed. */
  add(listener: (event: T) => void): Disposable {
    const own = (event: T) => listener(event);
    this.#listeners.add(own);
    return { [Symbol.dispose]: () => this.#listeners.delete(own) };
  }

  /** Calls every listener in the order of registration. */
  emit(event: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
