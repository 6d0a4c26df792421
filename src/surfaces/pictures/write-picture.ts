import { flags, headerBytes, type PictureHead, version } from "./read-picture.ts";

const maxAgeMs = 0x7fff_ffff;

/** One message; its layout is drawn in `read-picture.ts`. */
export function writePicture(head: PictureHead, data: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + data.length);
  bytes[0] = version;
  bytes[1] = (head.key ? flags.key : 0) | (head.isShownTime ? flags.shown : 0);
  bytes.writeUInt16BE(0, 2);
  bytes.writeInt32BE(Math.max(-maxAgeMs, Math.min(maxAgeMs, Math.round(head.ageMs))), 4);
  bytes.writeBigUInt64BE(BigInt(Math.max(0, Math.round(head.wallUs))), 8);
  bytes.set(data, headerBytes);
  return bytes;
}
