/** Longer pieces are rare: they have memory of their own. */
const maxKeptBytes = 1024 * 1024;

/**
 * Memory that is taken piece by piece and used again as a whole: for what is made, passed on and done with many times a second,
 * which would all be left to the collector. It grows to what was taken at most between two resets.
 */
export class ScratchMemory {
  #bytes = new Uint8Array(0);
  #used = 0;
  /** What was taken since the last reset, also what there was no room for. */
  #taken = 0;

  /** So many bytes, whatever stands in them, until `reset`. */
  readonly take = (length: number): Uint8Array => {
    this.#taken += length;
    const at = this.#used;
    if (at + length > this.#bytes.length) return new Uint8Array(length);
    this.#used = at + length;
    return this.#bytes.subarray(at, at + length);
  };

  /** Nobody looks any more at what was taken. */
  reset(): void {
    if (this.#taken > this.#bytes.length && this.#taken <= maxKeptBytes)
      this.#bytes = new Uint8Array(this.#taken + (this.#taken >> 2));
    this.#used = 0;
    this.#taken = 0;
  }

  /** Somebody goes on looking at what was taken: what is taken next stands elsewhere. */
  leave(): void {
    this.#bytes = new Uint8Array(0);
    this.#used = 0;
    this.#taken = 0;
  }
}
