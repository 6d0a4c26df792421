/** Most topics for which the hub's own broker keeps a message, and most bytes of all of them. */
const maxTopics = 4096;
const maxBytes = 32 * 1024 * 1024;

/** What the hub's own broker keeps (retained messages), so that nobody fills the memory with them. */
export class KeptTopics {
  readonly #sizes = new Map<string, number>();
  #bytes = 0;

  /** True when a message may be sent on; one to be kept has to find room, an empty one makes some. */
  take(packet: { readonly topic: string; readonly retain: boolean; readonly payload: string | Uint8Array }): boolean {
    if (!packet.retain) return true;
    const size = Buffer.byteLength(packet.payload);
    const before = this.#sizes.get(packet.topic);
    const bytes = this.#bytes - (before ?? 0) + size;
    if (size > 0 && (bytes > maxBytes || (before === undefined && this.#sizes.size >= maxTopics))) return false;
    this.#bytes = bytes;
    if (size === 0) this.#sizes.delete(packet.topic);
    else this.#sizes.set(packet.topic, size);
    return true;
  }
}
