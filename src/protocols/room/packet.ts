import { WireError } from "../../util/errors.ts";
import { packetLayout } from "./constants.ts";

const { senderBytes, sequenceAt, priorityAt, headerBytes, maxBytes, probeBytes, pcmBytes } = packetLayout;
const legacyHeaderBytes = 12;

/** 0 normal, 1 high, 2 emergency. */
export type RoomPriority = 0 | 1 | 2;

/** One packet of a talk. */
export interface RoomPacket {
  /** 16 hexadecimal digits: who sends. */
  readonly sender: string;
  /** 32 bits; wraps. */
  readonly sequence: number;
  readonly priority: RoomPriority;
  /** One Opus packet; a view of what was parsed. */
  readonly opus: Uint8Array;
}

/** What came to the port: a packet, a station's probe at its start, or the successor's packet of plain samples. */
export type RoomDatagram =
  | { readonly kind: "packet"; readonly packet: RoomPacket }
  | { readonly kind: "probe" }
  | { readonly kind: "pcm"; readonly sender: string };

/**
 * Reads what came to the port of sound (room intercom, packet format).
 *
 *     [0-7]  sender     8 bytes
 *     [8-11] sequence   big-endian
 *     [12]   priority   above 2 counts as 0
 *     [13-]  Opus       one packet
 *
 * What is no packet is told apart by its length: 1 byte is a probe, 653 bytes are the successor's plain samples. Throws
 * WireError for anything shorter or longer than a packet may be.
 */
export function parseRoomDatagram(bytes: Uint8Array): RoomDatagram {
  if (bytes.length === probeBytes.value) return { kind: "probe" };
  if (bytes.length === pcmBytes.value) return { kind: "pcm", sender: senderOf(bytes) };
  if (bytes.length <= legacyHeaderBytes) throw new WireError(`room: ${bytes.length} bytes are too few for a packet`);
  if (bytes.length > maxBytes.value) throw new WireError(`room: ${bytes.length} bytes are too many for a packet`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const priority = bytes[priorityAt.value]!;
  return {
    kind: "packet",
    packet: {
      sender: senderOf(bytes),
      sequence: view.getUint32(sequenceAt.value),
      priority: priority === 1 || priority === 2 ? priority : 0,
      opus: bytes.subarray(headerBytes.value),
    },
  };
}

/** The packet's bytes. Throws TypeError for a sender that is none, RangeError for Opus that stations could not take. */
export function serializeRoomPacket(packet: RoomPacket): Uint8Array {
  const { sender, sequence, priority, opus } = packet;
  const length = headerBytes.value + opus.length;
  if (length > maxBytes.value) throw new RangeError(`room: ${opus.length} bytes of Opus are too many for a packet`);
  const bytes = new Uint8Array(length);
  bytes.set(senderBytesOf(sender));
  new DataView(bytes.buffer).setUint32(sequenceAt.value, sequence);
  bytes[priorityAt.value] = priority;
  bytes.set(opus, headerBytes.value);
  return bytes;
}

/** True for a packet with so little in it that nobody speaks: it takes no floor. */
export function isRoomSilence({ opus }: RoomPacket): boolean {
  return opus.length < packetLayout.silenceBytes.value;
}

function senderOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, senderBytes.value).toString("hex");
}

function senderBytesOf(sender: string): Uint8Array {
  const bytes = Buffer.from(sender, "hex");
  if (bytes.length !== senderBytes.value) throw new TypeError(`room: a sender is 16 hexadecimal digits, not ${sender}`);
  return bytes;
}
