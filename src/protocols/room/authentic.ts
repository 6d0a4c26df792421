import { createHmac, timingSafeEqual } from "node:crypto";
import { authenticity, packetLayout } from "./constants.ts";

/** The key of all stations that the hub has let in with a token; renewed when one of them is let in no more. */
export interface RoomGroupKey {
  /** 0 to 255: which of the hub's keys it is. */
  readonly id: number;
  readonly key: Uint8Array;
}

/** Under what a packet is signed. */
export interface RoomSigning {
  /** The station's own key, which hub and station know. */
  readonly own?: Uint8Array | undefined;
  readonly group?: RoomGroupKey | undefined;
}

const tagBytes = authenticity.tagBytes.value;
const groupBytes = authenticity.groupBytes.value;
const window = authenticity.windowPackets.value;
const headerBytes = packetLayout.headerBytes.value;
/** Table-of-contents byte, frame count, length of the padding. */
const opusHeadBytes = 3;
const paddingFlag = 0x40;
const variableFlag = 0x80;

/**
 * Puts authentication tags into a packet, where programs that know nothing of them do not stumble over them: into the
 * padding of its Opus packet, which every decoder skips (RFC 6716, 3.2.5).
 *
 *     header (13) | TOC, code 3 | count, padding flag | 10, 11 or 21 | Opus frames | own tag (10) | key id (1), group tag (10)
 *
 * Either part may be missing. A tag is the beginning of HMAC-SHA-256 over all that stands before it: under the key that one
 * station and the hub share, and under that of the group. The packet is otherwise heard as the plain one is. Undefined for
 * Opus that has padding of its own or no frame, and for packets that would become too long: they are sent plain.
 */
export function signRoomPacket(plain: Uint8Array, by: RoomSigning): Uint8Array | undefined {
  const { own, group } = by;
  const padding = (own ? tagBytes : 0) + (group ? groupBytes : 0);
  const opus = padding > 0 ? withPadding(plain.subarray(headerBytes), padding) : undefined;
  if (!opus || headerBytes + opus.length > packetLayout.maxBytes.value) return undefined;
  const bytes = new Uint8Array(headerBytes + opus.length);
  bytes.set(plain.subarray(0, headerBytes));
  bytes.set(opus, headerBytes);
  let at = bytes.length - padding;
  if (own) {
    bytes.set(tagOf(bytes.subarray(0, at), own), at);
    at += tagBytes;
  }
  if (group) {
    bytes[at] = group.id;
    bytes.set(tagOf(bytes.subarray(0, at + 1), group.key), at + 1);
  }
  return bytes;
}

/** True for a packet that carries the own tag of this key. Anything else is a plain packet, one of the group, or a forged one. */
export function isAuthentic(bytes: Uint8Array, key: Uint8Array): boolean {
  const padding = paddingOf(bytes);
  if (padding !== tagBytes && padding !== tagBytes + groupBytes) return false;
  return hasTag(bytes, { at: bytes.length - padding, key });
}

/** The id of the key under which a packet says that it carries the group's tag; undefined for one that says nothing. */
export function groupKeyIdOf(bytes: Uint8Array): number | undefined {
  const padding = paddingOf(bytes);
  return padding === groupBytes || padding === tagBytes + groupBytes ? bytes[bytes.length - groupBytes] : undefined;
}

/** True for a packet that carries the group's tag. */
export function isOfGroup(bytes: Uint8Array, { id, key }: RoomGroupKey): boolean {
  return groupKeyIdOf(bytes) === id && hasTag(bytes, { at: bytes.length - tagBytes, key });
}

/**
 * Which authentic packets of one sender were seen: each counts once, and none from long before (RFC 3711, 3.3.2). Sequences
 * wrap.
 */
export class ReplayWindow {
  #highest: number | undefined;
  #seen = 0n;

  /** Takes nothing from before `from`, if that is told. */
  constructor(from?: number) {
    if (from === undefined) return;
    this.#highest = (from - 1) >>> 0;
    this.#seen = BigInt.asUintN(window, -1n);
  }

  /** Takes a sequence for the first time; false for one that was taken before, or is too old to tell. */
  take(sequence: number): boolean {
    const ahead = this.#highest === undefined ? window : (sequence - this.#highest) | 0;
    if (ahead > 0) {
      this.#seen = ahead >= window ? 1n : BigInt.asUintN(window, (this.#seen << BigInt(ahead)) | 1n);
      this.#highest = sequence >>> 0;
      return true;
    }
    if (-ahead >= window) return false;
    const bit = 1n << BigInt(-ahead);
    if ((this.#seen & bit) !== 0n) return false;
    this.#seen |= bit;
    return true;
  }
}

/** How many bytes of padding a packet has that could hold tags; 0 for one that has none. */
function paddingOf(bytes: Uint8Array): number {
  const [toc = 0, count = 0, padding = 0] = bytes.subarray(headerBytes, headerBytes + opusHeadBytes);
  const fits = bytes.length >= headerBytes + opusHeadBytes + padding;
  return (toc & 3) === 3 && (count & paddingFlag) !== 0 && fits ? padding : 0;
}

function hasTag(bytes: Uint8Array, { at, key }: { readonly at: number; readonly key: Uint8Array }): boolean {
  return timingSafeEqual(bytes.subarray(at, at + tagBytes), tagOf(bytes.subarray(0, at), key));
}

function tagOf(bytes: Uint8Array, key: Uint8Array): Uint8Array {
  return createHmac("sha256", key).update(bytes).digest().subarray(0, tagBytes);
}

/** The same sound with so many bytes of room behind it. */
function withPadding(opus: Uint8Array, padding: number): Uint8Array | undefined {
  const [toc, second] = opus;
  if (toc === undefined) return undefined;
  const code = toc & 3;
  if (code === 3 && (second === undefined || (second & paddingFlag) !== 0)) return undefined;
  const frames = opus.subarray(code === 3 ? 2 : 1);
  const count = code === 3 ? second! : code === 0 ? 1 : code === 1 ? 2 : 2 | variableFlag;
  const padded = new Uint8Array(opusHeadBytes + frames.length + padding);
  padded.set([toc | 3, count | paddingFlag, padding]);
  padded.set(frames, opusHeadBytes);
  return padded;
}
