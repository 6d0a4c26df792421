import { createHmac, timingSafeEqual } from "node:crypto";
import { authenticity, packetLayout } from "./constants.ts";

const tagBytes = authenticity.tagBytes.value;
const window = authenticity.windowPackets.value;
const headerBytes = packetLayout.headerBytes.value;
/** Table-of-contents byte, frame count, length of the padding. */
const opusHeadBytes = 3;
const paddingFlag = 0x40;
const variableFlag = 0x80;

/**
 * Puts an authentication tag into a packet, where programs that know nothing of it do not stumble over it: into the
 * padding of its Opus packet, which every decoder skips (RFC 6716, 3.2.5).
 *
 *     header (13) | TOC, code 3 | count, padding flag | 10 | Opus frames | tag (10)
 *
 * The tag is the beginning of HMAC-SHA-256 over all that stands before it. 12 bytes longer than the plain packet, which is
 * otherwise heard alike. Undefined for Opus that has padding of its own or no frame, and is sent plain.
 */
export function signRoomPacket(plain: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  const opus = withPadding(plain.subarray(headerBytes));
  if (!opus) return undefined;
  const bytes = new Uint8Array(headerBytes + opus.length);
  bytes.set(plain.subarray(0, headerBytes));
  bytes.set(opus, headerBytes);
  bytes.set(tagOf(bytes.subarray(0, bytes.length - tagBytes), key), bytes.length - tagBytes);
  return bytes;
}

/** True for a packet that carries the tag of this key. Anything else is a plain packet, or a forged one. */
export function isAuthentic(bytes: Uint8Array, key: Uint8Array): boolean {
  if (bytes.length < headerBytes + opusHeadBytes + tagBytes) return false;
  const [toc = 0, count = 0, padding = 0] = bytes.subarray(headerBytes);
  if ((toc & 3) !== 3 || (count & paddingFlag) === 0 || padding !== tagBytes) return false;
  const at = bytes.length - tagBytes;
  return timingSafeEqual(bytes.subarray(at), tagOf(bytes.subarray(0, at), key));
}

/** Which authentic packets of one sender were seen: each counts once, and none from long before (RFC 3711, 3.3.2). */
export class ReplayWindow {
  #highest = -1;
  #seen = 0n;

  /** Takes a sequence for the first time; false for one that was taken before, or is too old to tell. */
  take(sequence: number): boolean {
    const behind = this.#highest - sequence;
    if (behind >= window) return false;
    if (behind < 0) {
      const far = this.#highest < 0 || -behind >= window;
      this.#seen = far ? 1n : BigInt.asUintN(window, (this.#seen << BigInt(-behind)) | 1n);
      this.#highest = sequence;
      return true;
    }
    const bit = 1n << BigInt(behind);
    if ((this.#seen & bit) !== 0n) return false;
    this.#seen |= bit;
    return true;
  }
}

function tagOf(bytes: Uint8Array, key: Uint8Array): Uint8Array {
  return createHmac("sha256", key).update(bytes).digest().subarray(0, tagBytes);
}

/** The same sound with room for the tag behind it. */
function withPadding(opus: Uint8Array): Uint8Array | undefined {
  const [toc, second] = opus;
  if (toc === undefined) return undefined;
  const code = toc & 3;
  if (code === 3 && (second === undefined || (second & paddingFlag) !== 0)) return undefined;
  const frames = opus.subarray(code === 3 ? 2 : 1);
  const count = code === 3 ? second! : code === 0 ? 1 : code === 1 ? 2 : 2 | variableFlag;
  const padded = new Uint8Array(opusHeadBytes + frames.length + tagBytes);
  padded.set([toc | 3, count | paddingFlag, tagBytes]);
  padded.set(frames, opusHeadBytes);
  return padded;
}
