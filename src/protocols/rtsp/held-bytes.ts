const nothing = new Uint8Array(0);

/**
 * What was read of a message that is not complete yet, in memory of its own. What is given stays as it is until something else
 * was set twice; with `reuses` its memory is used again then.
 */
export class HeldBytes {
  #bytes: Uint8Array = nothing;
  #length = 0;
  #spare: Uint8Array = nothing;
  readonly #reuses: boolean;

  constructor(reuses: boolean) {
    this.#reuses = reuses;
  }

  get length(): number {
    return this.#length;
  }

  /** A view. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Holds a copy of these bytes, which may be part of what is held, in place of what is. */
  set(bytes: Uint8Array): void {
    if (bytes.length > 0 || this.#length > 0) {
      const next = this.#reuses && this.#spare.length >= bytes.length ? this.#spare : roomFor(bytes.length);
      next.set(bytes);
      this.#spare = this.#reuses ? this.#bytes : nothing;
      this.#bytes = next;
    }
    this.#length = bytes.length;
  }

  /** Holds a copy of these bytes behind what is held. */
  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const larger = roomFor(length);
      larger.set(this.bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }
}

/** With as much again, so that what comes in many pieces is not copied with each. */
function roomFor(length: number): Uint8Array {
  return length === 0 ? nothing : new Uint8Array(Math.max(2048, length * 2));
}
