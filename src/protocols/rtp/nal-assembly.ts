const nothing = new Uint8Array(0);
const leastBytes = 4096;
/** Before the first unit: see {@link NalAssembly.add}. */
const roomBytes = 8;

const before = new Uint8Array(roomBytes);

/**
 * Memory in which the NAL units of a picture are put together from what came in packets, and which the next picture uses again.
 * It grows to the largest picture.
 */
export class NalAssembly {
  #bytes = nothing;
  #begin = roomBytes;
  #end = roomBytes;

  /** What was given so far is looked at by nobody any more. */
  reset(): void {
    this.#begin = roomBytes;
    this.#end = roomBytes;
  }

  /** A unit begins here; one that was not taken is given up. */
  begin(): void {
    this.#end = this.#begin;
  }

  /**
   * Copies these bytes, from `from` on (at most 8), behind those of the unit under way. Without a view of them, which each packet would
   * leave to be collected: they are copied as a whole, and what stood where the first of them came is put back.
   */
  add(piece: Uint8Array, from = 0): void {
    const end = this.#end + piece.length - from;
    if (end > this.#bytes.length) this.#grow(piece.length);
    const bytes = this.#bytes;
    const at = this.#end - from;
    for (let i = 0; i < from; i++) before[i] = bytes[at + i]!;
    bytes.set(piece, at);
    for (let i = 0; i < from; i++) bytes[at + i] = before[i]!;
    this.#end = at + piece.length;
  }

  /** The unit under way is whole: a view of it, which is good until the reset. */
  take(): Uint8Array {
    const unit = this.#bytes.subarray(this.#begin, this.#end);
    this.#begin = this.#end;
    return unit;
  }

  /** Units that were taken stay where they are, in memory of which nothing is used again. */
  #grow(more: number): void {
    const underway = this.#bytes.subarray(this.#begin, this.#end);
    const bytes = roomBytes + underway.length + more;
    const larger = new Uint8Array(Math.max(leastBytes, this.#bytes.length * 2, bytes));
    larger.set(underway, roomBytes);
    this.#bytes = larger;
    this.#begin = roomBytes;
    this.#end = roomBytes + underway.length;
  }
}

/**
 * The memory of one stream's pictures. What was given is good until the depacketizer is called the next time: a picture that begins
 * in the same call as the one before was given in stands elsewhere.
 */
export class PictureMemory {
  #now = new NalAssembly();
  #other = new NalAssembly();
  /** A picture in `#now` was given in this call. */
  #given = false;
  /** So was one in `#other`. */
  #turned = false;
  #fresh = true;

  /** What was given before is looked at by nobody any more. */
  called(): void {
    this.#given = false;
    this.#turned = false;
  }

  /** What comes next is of another picture; the one before was given, or given up. */
  over(given: boolean): void {
    this.#given ||= given;
    this.#fresh = true;
  }

  begin(): void {
    if (this.#fresh) this.#renew();
    this.#now.begin();
  }

  add(piece: Uint8Array, from = 0): void {
    this.#now.add(piece, from);
  }

  take(): Uint8Array {
    return this.#now.take();
  }

  /** A unit that was taken before it was known that it begins another picture: a copy of it, in that one's memory. */
  again(unit: Uint8Array): Uint8Array {
    this.begin();
    this.add(unit);
    return this.take();
  }

  #renew(): void {
    this.#fresh = false;
    if (this.#given && this.#turned) this.#now = new NalAssembly();
    else if (this.#given) {
      [this.#now, this.#other] = [this.#other, this.#now];
      this.#turned = true;
    }
    this.#given = false;
    this.#now.reset();
  }
}
