import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { RoomGroupKey } from "./authentic.ts";

/** What a station is told of the group's key. */
export interface GroupKeyMessage extends RoomGroupKey {
  /**
   * The hub's own count of packets at that time, higher with each message: a station takes no message from before, nothing of
   * the hub that is older, and counts its own packets from there on.
   */
  readonly sequence: number;
  /** Emergencies of whoever signs nothing count as such. */
  readonly anyEmergency: boolean;
}

const version = 1;
const keyBytes = 32;
const nonceAt = 7;
const keyAt = 15;
const tagAt = keyAt + keyBytes;
const tagBytes = 16;
const messageBytes = tagAt + tagBytes;

/**
 * The group's key for one station, as it goes over MQTT (`intercom/<id>/key/set`), in hexadecimal digits: whoever else reads
 * the broker learns nothing by it. `deviceKey` is the one that station and hub share, of 32 random bytes.
 *
 *     [0]      version, 1
 *     [1]      id of the key
 *     [2]      flags: 1 emergencies without a tag count
 *     [3-6]    sequence, big-endian
 *     [7-14]   nonce, 8 random bytes
 *     [15-46]  key, exclusive or HMAC-SHA-256(deviceKey, "room group key" nonce)
 *     [47-62]  beginning of HMAC-SHA-256(deviceKey, "room group tag" [0-46])
 */
export function sealGroupKey(message: GroupKeyMessage, deviceKey: Uint8Array): string {
  const bytes = Buffer.alloc(messageBytes);
  bytes.set([version, message.id, message.anyEmergency ? 1 : 0]);
  bytes.writeUInt32BE(message.sequence >>> 0, 3);
  bytes.set(randomBytes(keyAt - nonceAt), nonceAt);
  bytes.set(masked(message.key, { nonce: bytes.subarray(nonceAt, keyAt), deviceKey }), keyAt);
  bytes.set(tagOf(bytes.subarray(0, tagAt), deviceKey), tagAt);
  return bytes.toString("hex");
}

/** What {@link sealGroupKey} made; undefined for anything else, and for what was made for another station. */
export function openGroupKey(text: string, deviceKey: Uint8Array): GroupKeyMessage | undefined {
  if (text.length !== 2 * messageBytes) return undefined;
  const bytes = Buffer.from(text, "hex");
  if (bytes.length !== messageBytes || bytes[0] !== version) return undefined;
  if (!timingSafeEqual(bytes.subarray(tagAt), tagOf(bytes.subarray(0, tagAt), deviceKey))) return undefined;
  const nonce = bytes.subarray(nonceAt, keyAt);
  return {
    id: bytes[1]!,
    anyEmergency: (bytes[2]! & 1) !== 0,
    sequence: bytes.readUInt32BE(3),
    key: masked(bytes.subarray(keyAt, tagAt), { nonce, deviceKey }),
  };
}

function masked(
  key: Uint8Array,
  { nonce, deviceKey }: { readonly nonce: Uint8Array; readonly deviceKey: Uint8Array },
): Uint8Array {
  const mask = createHmac("sha256", deviceKey).update("room group key").update(nonce).digest();
  return Uint8Array.from({ length: keyBytes }, (_, at) => (key[at] ?? 0) ^ mask[at]!);
}

function tagOf(bytes: Uint8Array, deviceKey: Uint8Array): Uint8Array {
  return createHmac("sha256", deviceKey).update("room group tag").update(bytes).digest().subarray(0, tagBytes);
}
