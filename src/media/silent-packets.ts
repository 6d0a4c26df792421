/** Longer packets are no silence, whatever comes out of them. */
const maxBytes = 64;
/** An encoder of silence goes round among a few packets. */
const maxKept = 8;

/**
 * Packets of one talker that were silence: a microphone that is switched off goes on sending a few of them, and none has to
 * be decoded again until something else comes.
 */
export class SilentPackets {
  #kept: { readonly packet: Uint8Array; readonly sound: Uint8Array }[] = [];

  /** The silence that this packet was; undefined for one that has to be decoded. */
  soundOf(packet: Uint8Array): Uint8Array | undefined {
    if (this.#kept.length === 0 || packet.length > maxBytes) return undefined;
    return this.#kept.find((kept) => sameBytes(kept.packet, packet))?.sound;
  }

  /** It was decoded, to silence. */
  wasSilent(packet: Uint8Array, sound: Uint8Array): void {
    if (packet.length > maxBytes) return;
    if (this.#kept.length >= maxKept) this.#kept.shift();
    this.#kept.push({ packet: packet.slice(), sound });
  }

  /** Something was heard: what the decoder makes of the next packet depends on that. */
  wasHeard(): void {
    this.#kept = [];
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let n = 0; n < one.length; n++) if (one[n] !== other[n]) return false;
  return true;
}
