/** Longer frames are rare, and their memory is the collector's. */
const maxBytes = 4 * 1024 * 1024;
/** So much may lie ready: as much again as the groups of pictures of thirty cameras. */
const maxFreeBytes = 16 * 1024 * 1024;
/** Frames that are given back from one look at what lies ready to the next: four groups of pictures of twenty cameras. */
const lookEvery = 4096;
/** What lies ready is lent to a frame that needs two thirds of it: each size would need a store of its own for its worst moment otherwise. */
const mostOfNeed = 1.5;
/** Eight sizes from one power of two to the next: at most an eighth of the memory is unused. */
const stepsLog2 = 3;
const leastLog2 = 6;

/** What lies ready of one size. */
interface Ready {
  readonly buffers: ArrayBuffer[];
  /** Of them there were never fewer since the last look. */
  least: number;
}

/**
 * Memory for the bytes of frames, used again as soon as it is known that nobody holds the frame any more. Whatever is not
 * given back is the collector's, as usual. Without it each frame of a kept group of pictures lives long enough for V8 to move
 * it to its old generation, where its bytes count until all of the heap is collected: with twenty cameras every 1.3 s, half
 * of all that the hub did.
 */
export class FrameMemory {
  readonly #free = new Map<number, Ready>();
  #freeBytes = 0;
  #givenBack = 0;
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
    const buffer = this.#findReady(size) ?? new ArrayBuffer(size);
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
    if (++this.#givenBack % lookEvery === 0) this.#leaveUnused();
    const size = buffer.byteLength;
    if (this.#freeBytes + size > maxFreeBytes) return;
    const ready = this.#free.get(size);
    if (ready) ready.buffers.push(buffer);
    else this.#free.set(size, { buffers: [buffer], least: 0 });
    this.#freeBytes += size;
  }

  /** Leaves what lies ready to the collector. */
  clear(): void {
    this.#free.clear();
    this.#freeBytes = 0;
  }

  #findReady(size: number): ArrayBuffer | undefined {
    for (let larger = size; larger <= size * mostOfNeed; larger = sizeFor(larger + 1)) {
      const found = this.#takeReady(larger);
      if (found) return found;
    }
    return undefined;
  }

  #takeReady(size: number): ArrayBuffer | undefined {
    const ready = this.#free.get(size);
    const buffer = ready?.buffers.pop();
    if (!ready || !buffer) return undefined;
    ready.least = Math.min(ready.least, ready.buffers.length);
    this.#freeBytes -= size;
    return buffer;
  }

  /** What lay there all the time since the last look is more than these cameras need. */
  #leaveUnused(): void {
    for (const [size, ready] of this.#free) {
      ready.buffers.splice(0, ready.least);
      this.#freeBytes -= size * ready.least;
      ready.least = ready.buffers.length;
      if (ready.buffers.length === 0) this.#free.delete(size);
    }
  }
}

function sizeFor(length: number): number {
  const shift = Math.max(leastLog2, 32 - Math.clz32(length - 1) - 1 - stepsLog2);
  return Math.ceil(length / 2 ** shift) * 2 ** shift;
}

/** The one of this program. */
export const frameMemory = new FrameMemory();
