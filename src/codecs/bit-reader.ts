import { WireError } from "../util/errors.ts";

/**
 * Payload of a NAL unit without its emulation prevention bytes (`00 00 03` becomes `00 00`; H.264 7.4.1), at most
 * `maxBytes` of it. Copies only when there is one to remove.
 */
export function unescapeRbsp(nal: Uint8Array, maxBytes = 4096): Uint8Array {
  const source = nal.length > maxBytes ? nal.subarray(0, maxBytes) : nal;
  let copy: Uint8Array | undefined;
  let length = 0;
  let zeros = 0;
  for (let i = 0; i < source.length; i++) {
    const byte = source[i]!;
    if (zeros >= 2 && byte === 3) {
      copy ??= new Uint8Array(source); // a Buffer's slice would be a view
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    if (copy) copy[length] = byte;
    length++;
  }
  return copy ? copy.subarray(0, length) : source;
}

/** Reads bits, most significant first, and Exp-Golomb codes (H.264 9.1). Throws WireError past the end. */
export class BitReader {
  #at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, fromByte = 0) {
    this.#bytes = bytes;
    this.#at = fromByte * 8;
  }

  /** Bits not read yet. */
  get left(): number {
    return this.#bytes.length * 8 - this.#at;
  }

  /** One bit as 0 or 1. */
  bit(): number {
    if (this.left < 1) throw new WireError("bits: past the end");
    const bit = (this.#bytes[this.#at >> 3]! >> (7 - (this.#at & 7))) & 1;
    this.#at++;
    return bit;
  }

  /** One bit as boolean. */
  flag(): boolean {
    return this.bit() === 1;
  }

  /** `count` bits (at most 32) as unsigned number. */
  bits(count: number): number {
    if (count > 32 || this.left < count) throw new WireError(`bits: ${count} of ${this.left}`);
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  /** Passes over `count` bits. */
  skip(count: number): void {
    if (this.left < count) throw new WireError(`bits: ${count} of ${this.left}`);
    this.#at += count;
  }

  /** Unsigned Exp-Golomb code, below 2^32. */
  ue(): number {
    let zeros = 0;
    while (this.bit() === 0) if (++zeros > 31) throw new WireError("bits: Exp-Golomb code too long");
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Unsigned Exp-Golomb code of at most `max`; WireError beyond, for what a loop or a size depends on. */
  ueMax(max: number, what: string): number {
    const value = this.ue();
    if (value > max) throw new WireError(`${what}: ${value} is more than ${max}`);
    return value;
  }

  /** Signed Exp-Golomb code. */
  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
