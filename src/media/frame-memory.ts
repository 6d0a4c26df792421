/** Longer frames are rare, and their memory is the collector's. */
const maxBytes = 4 * 1024 * 1024;
/** So much may lie ready: as much again as the groups of pictures of thirty cameras. */
const maxFreeBytes = 16 * 1024 * 1024;
/** Eight sizes from one power of two to the next: at most an eighth of the memory is unused. */
const stepsLog2 = 3;
const leastLog2 = 6;

/**
 * Memory for the bytes of frames, used again as soon as it is known that nobody holds the frame any more. Whatever is not
 * given back is the collector's, as usual. Without it each frame of a kept group of pictures lives long enough for V8 to move
 * it to its old generation, where its bytes count until all of the heap is collected: with twenty cameras every 1.3 s, half
 * of all that the hub did.
 */
export class FrameMemory {
  readonly #free = new Map<number, ArrayBuffer[]>();
  #freeBytes = 0;
  /** What was taken and not given back, and which track keeps it: nothing is lent twice. */
  readonly #lent = new WeakMap<ArrayBufferLike, object | undefined>();

  /** Bytes that lie ready. */
  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** So many bytes, whatever stands in them. */
  readonly take = (length: number): Uint8Array => {
    if (length === 0 || length > maxBytes) return new Uint8Array(length);
    const size = sizeFor(length);
    const free = this.#free.get(size)?.pop();
    if (free) this.#freeBytes -= size;
    const buffer = free ?? new ArrayBuffer(size);
    this.#lent.set(buffer, undefined);
    return new Uint8Array(buffer, 0, length);
  };

  /** A track keeps these bytes. What two of them keep is never used again: neither knows of the other's readers. */
  keep({ buffer }: Uint8Array, track: object): void {
    if (!this.#lent.has(buffer)) return;
    const other = this.#lent.get(buffer);
    if (other === undefined || other === track) this.#lent.set(buffer, track);
    else this.#lent.delete(buffer);
  }

  /** Nobody will look at these bytes any more. What was not taken here, or was given back already, is left alone. */
  giveBack({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || !this.#lent.delete(buffer)) return;
    const size = buffer.byteLength;
    if (this.#freeBytes + size > maxFreeBytes) return;
    const free = this.#free.get(size);
    if (free) free.push(buffer);
    else this.#free.set(size, [buffer]);
    this.#freeBytes += size;
  }

  /** Leaves what lies ready to the collector. */
  clear(): void {
    this.#free.clear();
    this.#freeBytes = 0;
  }
}

function sizeFor(length: number): number {
  const shift = Math.max(leastLog2, 32 - Math.clz32(length - 1) - 1 - stepsLog2);
  return Math.ceil(length / 2 ** shift) * 2 ** shift;
}

/** The one of this program. */
export const frameMemory = new FrameMemory();
