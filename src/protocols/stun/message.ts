import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { WireError } from "../../util/errors.ts";

/*
 *  0               1               2               3
 * +-+-+-----------+---------------+-------------------------------+
 * |0|0| type: method and class    | length without these 20 bytes |
 * +-------------------------------+-------------------------------+
 * | magic cookie 2112A442                                         |
 * +---------------------------------------------------------------+
 * | transaction id, 96 bits                                       |
 * +-------------------------------+-------------------------------+
 * | attribute type                | its length, then padded to 4  |
 * +-------------------------------+-------------------------------+
 */

/** What a message is (RFC 8489, 5). */
export type StunKind = "request" | "indication" | "success" | "error";

/** One attribute, without its padding. */
export interface StunAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}

/** A message of STUN or TURN. */
export interface StunMessage {
  readonly method: number;
  readonly kind: StunKind;
  /** 12 bytes. */
  readonly transactionId: Uint8Array;
  readonly attributes: readonly StunAttribute[];
}

/** Methods (RFC 8489, 18.2; RFC 8656, 17). */
export const stunMethods = { binding: 1, allocate: 3, refresh: 4, createPermission: 8 } as const;

/** Attributes (RFC 8489, 18.3; RFC 8656, 18). */
export const stunAttributes = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  lifetime: 0x000d,
  xorPeerAddress: 0x0012,
  realm: 0x0014,
  nonce: 0x0015,
  xorRelayedAddress: 0x0016,
  requestedTransport: 0x0019,
  xorMappedAddress: 0x0020,
  fingerprint: 0x8028,
} as const;

const kinds: readonly StunKind[] = ["request", "indication", "success", "error"];
const cookie = 0x2112_a442;
const headBytes = 20;
const maxAttributes = 64;
const fingerprintMask = 0x5354_554e;

/** The password's key of long-term credentials (RFC 8489, 9.2.2). */
export function longTermKey(who: {
  readonly username: string;
  readonly realm: string;
  readonly password: string;
}): Uint8Array {
  return createHash("md5").update(`${who.username}:${who.realm}:${who.password}`).digest();
}

/** A message's bytes, signed where there is a key, with its fingerprint. */
export function serializeStun(message: StunMessage, key?: Uint8Array): Uint8Array {
  const { method, kind, transactionId, attributes } = message;
  const bits = kinds.indexOf(kind);
  const type =
    (method & 0xf) | ((method & 0x70) << 1) | ((method & 0xf80) << 2) | ((bits & 1) << 4) | ((bits & 2) << 7);
  const head = Buffer.alloc(headBytes);
  head.writeUInt16BE(type, 0);
  head.writeUInt32BE(cookie, 4);
  head.set(transactionId.subarray(0, 12), 8);
  let bytes = Buffer.concat([head, ...attributes.map(writeAttribute)]);
  if (key) {
    const value = createHmac("sha1", key).update(withLength(bytes, 24)).digest();
    bytes = Buffer.concat([bytes, writeAttribute({ type: stunAttributes.messageIntegrity, value })]);
  }
  const value = Buffer.alloc(4);
  value.writeUInt32BE((crc32(withLength(bytes, 8)) ^ fingerprintMask) >>> 0);
  return withLength(Buffer.concat([bytes, writeAttribute({ type: stunAttributes.fingerprint, value })]), 0);
}

/** How long the message is that begins here, undefined while its head is not whole. Throws WireError for what is none. */
export function stunLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < headBytes) return undefined;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if ((view[0] ?? 0) > 0x3f || view.readUInt32BE(4) !== cookie) throw new WireError("no STUN message");
  const length = view.readUInt16BE(2);
  if (length % 4 !== 0) throw new WireError("a STUN message of a length that is no multiple of 4");
  return headBytes + length;
}

/** Reads one whole message. Throws WireError. */
export function parseStun(bytes: Uint8Array): StunMessage {
  const length = stunLength(bytes);
  if (length === undefined || length !== bytes.length) throw new WireError("a STUN message that is cut off");
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const type = view.readUInt16BE(0);
  const attributes: StunAttribute[] = [];
  for (let at = headBytes; at < length; ) {
    const size = view.readUInt16BE(at + 2);
    if (at + 4 + size > length) throw new WireError("a STUN attribute that is cut off");
    if (attributes.length >= maxAttributes) throw new WireError("too many STUN attributes");
    attributes.push({ type: view.readUInt16BE(at), value: view.subarray(at + 4, at + 4 + size) });
    at += 4 + size + (-size & 3);
  }
  return {
    method: (type & 0xf) | ((type >> 1) & 0x70) | ((type >> 2) & 0xf80),
    kind: kinds[((type >> 4) & 1) | ((type >> 7) & 2)] ?? "request",
    transactionId: view.subarray(8, headBytes),
    attributes,
  };
}

/** Whether a message is signed by this key. Throws WireError for what is no message. */
export function integrityHolds(bytes: Uint8Array, key: Uint8Array): boolean {
  const { attributes } = parseStun(bytes);
  let at = headBytes;
  for (const { type, value } of attributes) {
    if (type === stunAttributes.messageIntegrity) {
      const before = Buffer.from(bytes.subarray(0, at));
      const right = createHmac("sha1", key).update(withLength(before, 24)).digest();
      return value.length === right.length && timingSafeEqual(value, right);
    }
    at += 4 + value.length + (-value.length & 3);
  }
  return false;
}

function writeAttribute({ type, value }: StunAttribute): Buffer {
  const bytes = Buffer.alloc(4 + value.length + (-value.length & 3));
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  bytes.set(value, 4);
  return bytes;
}

/** The message as if so many bytes more followed: its signature and fingerprint count themselves. */
function withLength(bytes: Buffer, more: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt16BE(bytes.length - headBytes + more, 2);
  return copy;
}
