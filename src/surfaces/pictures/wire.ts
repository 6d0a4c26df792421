import { WireError } from "../../util/errors.ts";

/*
 * One picture on its way to a browser that decodes it: one binary message.
 *
 *   0   u8    version: 1
 *   1   u8    flags: 1 = decoding may begin here, 2 = the time is the one at which it is shown
 *   2   u16   0
 *   4   u32   age: milliseconds since the hub had it
 *   8   u64   time, microseconds since 1970, by the clock that the sender reports of the sound tell
 *  16   ...   one access unit in Annex B, a key picture with its parameter sets before it; or one JPEG file
 */

/** Bytes before the picture. */
export const headerBytes = 16;
/** A picture of more bytes is not sent. */
export const maxPictureBytes = 16 * 1024 * 1024;
const version = 1;
const flags = { key: 1, shown: 2 } as const;

/** What stands before a picture. */
export interface PictureHead {
  readonly key: boolean;
  /** Whether `wallUs` is when it is shown; otherwise it only says in what order pictures came. */
  readonly isShownTime: boolean;
  readonly ageMs: number;
  /** Microseconds since 1970. */
  readonly wallUs: number;
}

/** One message. */
export function writePicture(head: PictureHead, data: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + data.length);
  bytes[0] = version;
  bytes[1] = (head.key ? flags.key : 0) | (head.isShownTime ? flags.shown : 0);
  bytes.writeUInt16BE(0, 2);
  bytes.writeUInt32BE(Math.max(0, Math.min(0xffff_ffff, Math.round(head.ageMs))), 4);
  bytes.writeBigUInt64BE(BigInt(Math.max(0, Math.round(head.wallUs))), 8);
  bytes.set(data, headerBytes);
  return bytes;
}

/** The parts of one message; the picture is a view into it. Throws WireError. */
export function readPicture(bytes: Uint8Array): { readonly head: PictureHead; readonly data: Uint8Array } {
  if (bytes.length <= headerBytes) throw new WireError("picture: cut");
  if (bytes.length > headerBytes + maxPictureBytes) throw new WireError("picture: too large");
  if (bytes[0] !== version) throw new WireError(`picture: version ${bytes[0]}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const flag = view.getUint8(1);
  return {
    head: {
      key: (flag & flags.key) !== 0,
      isShownTime: (flag & flags.shown) !== 0,
      ageMs: view.getUint32(4),
      wallUs: Number(view.getBigUint64(8)),
    },
    data: bytes.subarray(headerBytes),
  };
}
