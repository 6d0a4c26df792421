/**
 * Cuts a stream of bytes into blocks of one size. `push` gives the whole blocks that are ready; `flush` gives what is
 * left, filled up with zeros (silence in PCM). No byte is lost, whatever the sizes of the pieces.
 */
export class Reblocker {
  #rest: Uint8Array = new Uint8Array(0);
  readonly #blockBytes: number;

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
  }

  /** Takes in `bytes`; gives zero or more blocks, oldest first. They may share memory with `bytes`. */
  push(bytes: Uint8Array): Uint8Array[] {
    const all = this.#rest.length === 0 ? bytes : concat(this.#rest, bytes);
    const blocks: Uint8Array[] = [];
    let offset = 0;
    for (; offset + this.#blockBytes <= all.length; offset += this.#blockBytes) {
      blocks.push(all.subarray(offset, offset + this.#blockBytes));
    }
    this.#rest = all.slice(offset);
    return blocks;
  }

  /** The last block, padded with zeros; undefined when nothing is left. */
  flush(): Uint8Array | undefined {
    if (this.#rest.length === 0) return undefined;
    const block = new Uint8Array(this.#blockBytes);
    block.set(this.#rest);
    this.#rest = new Uint8Array(0);
    return block;
  }
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}
