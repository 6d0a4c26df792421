import { binaryFrameBytes, binaryHeaderBytes, binaryMark, type DoorSound, readBinaryFrame } from "./binary.ts";
import { doorLimits } from "./limits.ts";

/** What a connection brings, one after the other. */
export type DoorPiece =
  /** A line without its newline. Its bytes are good until the next piece is taken. */
  | { readonly type: "line"; readonly line: Uint8Array }
  /** A line went over the limit; the rest of it is passed over. */
  | { readonly type: "too-long" }
  | { readonly type: "sound"; readonly sound: DoorSound };

const newline = 0x0a;

/**
 * Cuts the bytes of a connection into lines and, once that was agreed, binary frames, however they are cut on the way. Holds
 * at most one line. Pure; throws WireError only for a binary frame that cannot be, after which nothing can be told apart.
 */
export class DoorFraming {
  #held = Buffer.alloc(0);
  #used = 0;
  #state: "line" | "sound" | "skipping" = "line";
  #maxLineBytes: number = doorLimits.firstLineBytes.value;
  #binary = false;

  /** Bytes that wait for the rest of their line or frame. */
  get heldBytes(): number {
    return this.#used;
  }

  /** From now on, also for what of the last bytes has not been taken yet: longer lines, and binary frames if agreed. */
  registered(agreed: { readonly binary: boolean }): void {
    this.#maxLineBytes = doorLimits.lineBytes.value;
    this.#binary = agreed.binary;
  }

  /** Takes in bytes; gives the pieces that are whole now. To be taken to the end before the next call. */
  *push(bytes: Uint8Array): Generator<DoorPiece, void, void> {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (rest.length > 0) {
      if (this.#state === "line" && this.#used === 0 && this.#binary && rest[0] === binaryMark) this.#state = "sound";
      const step = this.#state === "sound" ? this.#takeSound(rest) : this.#takeLine(rest);
      rest = rest.subarray(step.taken);
      if (step.piece) yield step.piece;
    }
  }

  #takeLine(rest: Buffer): { readonly taken: number; readonly piece?: DoorPiece } {
    const end = rest.indexOf(newline);
    const part = end < 0 ? rest : rest.subarray(0, end);
    const taken = end < 0 ? rest.length : end + 1;
    if (this.#state === "skipping") {
      if (end >= 0) this.#state = "line";
      return { taken };
    }
    if (this.#used + part.length > this.#maxLineBytes) {
      this.#drop();
      if (end < 0) this.#state = "skipping";
      return { taken, piece: { type: "too-long" } };
    }
    if (end >= 0) return { taken, piece: { type: "line", line: this.#whole(part) } };
    this.#hold(part);
    return { taken };
  }

  #takeSound(rest: Buffer): { readonly taken: number; readonly piece?: DoorPiece } {
    const missing = binaryHeaderBytes - this.#used;
    const held = this.#held.subarray(0, this.#used);
    const head = missing > 0 ? Buffer.concat([held, rest.subarray(0, missing)]) : held;
    const wanted = binaryFrameBytes(head.subarray(0, binaryHeaderBytes)) ?? binaryHeaderBytes;
    const part = rest.subarray(0, wanted - this.#used);
    if (this.#used + part.length < wanted || wanted === binaryHeaderBytes) {
      this.#hold(part);
      return { taken: part.length };
    }
    this.#state = "line";
    return { taken: part.length, piece: { type: "sound", sound: readBinaryFrame(this.#whole(part)) } };
  }

  /** What was held and `part`, which ends it. */
  #whole(part: Buffer): Buffer {
    if (this.#used === 0) return part;
    this.#hold(part);
    const whole = this.#held.subarray(0, this.#used);
    this.#drop();
    return whole;
  }

  /** Doubles, so that a line which comes byte by byte costs no more than itself. */
  #hold(part: Buffer): void {
    const needed = this.#used + part.length;
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(2 * this.#held.length, this.#maxLineBytes), 256));
      this.#held.copy(grown, 0, 0, this.#used);
      this.#held = grown;
    }
    part.copy(this.#held, this.#used);
    this.#used = needed;
  }

  #drop(): void {
    this.#held = Buffer.alloc(0);
    this.#used = 0;
  }
}
