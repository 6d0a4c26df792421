const nothing = new Uint8Array(0);
const leastBytes = 4096;

/**
 * Memory in which the NAL units of a picture are put together from what came in packets, and which the next picture uses again.
 * It grows to the largest picture.
 */
export class NalAssembly {
  #bytes = nothing;
  #begin = 0;
  #end = 0;

  /** What was given so far is looked at by nobody any more. */
  reset(): void {
    this.#begin = 0;
    this.#end = 0;
  }

  /** A unit begins here; one that was not taken is given up. */
  begin(): void {
    this.#end = this.#begin;
  }

  /** Copies these bytes behind those of the unit under way. */
  add(piece: Uint8Array): void {
    const end = this.#end + piece.length;
    if (end > this.#bytes.length) this.#grow(piece.length);
    this.#bytes.set(piece, this.#end);
    this.#end += piece.length;
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
    const larger = new Uint8Array(Math.max(leastBytes, this.#bytes.length * 2, underway.length + more));
    larger.set(underway);
    this.#bytes = larger;
    this.#begin = 0;
    this.#end = underway.length;
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

  add(piece: Uint8Array): void {
    this.#now.add(piece);
  }

  take(): Uint8Array {
    return this.#now.take();
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
