import type { OnReadOpts } from "node:net";

/** As much as libuv reads in one go. */
const readBytes = 64 * 1024;
/** Of all connections: what was read is taken before anything else can be read. */
const shared = new Uint8Array(readBytes);

/**
 * Where a socket's bytes are read to (`onread` of node:net and node:tls): memory that is used again with each read, where a
 * stream's own way makes 64 KB for each, and a turn of the loop for what is done about it later.
 */
export class Inbox {
  readonly onread: OnReadOpts = {
    buffer: shared,
    callback: (bytes) => {
      const chunk = shared.subarray(0, bytes);
      if (this.#take) this.#take(chunk);
      else this.#early.push(new Uint8Array(chunk));
      return true;
    },
  };
  #take: ((chunk: Uint8Array) => void) | undefined;
  readonly #early: Uint8Array[] = [];

  /** From now on `take` is called with what was read, first with what came before; a chunk is valid until it returns. */
  open(take: (chunk: Uint8Array) => void): void {
    this.#take = take;
    for (const chunk of this.#early.splice(0)) take(chunk);
  }
}
