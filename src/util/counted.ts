/** A share of a {@link Counted} thing; the thing goes with the last one. Disposed twice it counts once. */
export interface CountedShare<Thing> extends Disposable {
  readonly thing: Thing;
}

/** Things of which there is one for each key while somebody holds a share of it. */
export class Counted<Key, Thing> {
  readonly #held = new Map<Key, { readonly thing: Thing; shares: number }>();
  readonly #open: (key: Key) => Thing;
  readonly #close: (thing: Thing) => void;

  constructor(options: { readonly open: (key: Key) => Thing; readonly close: (thing: Thing) => void }) {
    this.#open = options.open;
    this.#close = options.close;
  }

  /** Keys of which there is a thing now. */
  get size(): number {
    return this.#held.size;
  }

  /** A share of the key's thing, which is opened for the first one. Its owner disposes it. */
  share(key: Key): CountedShare<Thing> {
    const held = this.#held.get(key) ?? { thing: this.#open(key), shares: 0 };
    this.#held.set(key, held);
    held.shares++;
    const stack = new DisposableStack();
    stack.defer(() => {
      held.shares--;
      if (held.shares > 0 || this.#held.get(key) !== held) return;
      this.#held.delete(key);
      this.#close(held.thing);
    });
    return { thing: held.thing, [Symbol.dispose]: () => stack.dispose() };
  }

  /** Gives `drop` each thing and forgets it; shares that are still held no longer matter. */
  reset(drop: (thing: Thing) => void): void {
    for (const { thing } of this.#held.values()) drop(thing);
    this.#held.clear();
  }
}
