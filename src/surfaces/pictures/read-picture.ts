/*
 * One picture on its way to a browser that decodes it: one binary message. The page takes this file as it is, so it stands on
 * nothing.
 *
 *   0   u8    version: 1
 *   1   u8    flags: 1 = decoding may begin here, 2 = the time is the one at which it is shown
 *   2   u16   0
 *   4   i32   age: milliseconds from its time to its sending; negative where it is shown later
 *   8   u64   time, microseconds since 1970, by the clock that the sender reports of the sound tell
 *  16   ...   one access unit in Annex B, a key picture with its parameter sets before it; or one JPEG file
 */

/** Bytes before the picture. */
export const headerBytes = 16;
/** A picture of more bytes is not sent, and not taken. */
export const maxPictureBytes = 16 * 1024 * 1024;
/** Of this layout. */
export const version = 1;
/** Bits of the second byte. */
export const flags = { key: 1, shown: 2 } as const;

/** What stands before a picture. */
export interface PictureHead {
  readonly key: boolean;
  /** Whether `wallUs` is when it is shown; otherwise it only says in what order pictures came. */
  readonly isShownTime: boolean;
  /** From its time to its sending. */
  readonly ageMs: number;
  /** Microseconds since 1970. */
  readonly wallUs: number;
}

/** One picture, as it came. */
export interface CodedPicture extends PictureHead {
  /** A view into the message. */
  readonly data: Uint8Array<ArrayBuffer>;
}

/** The picture in a message; undefined for what is none. */
export function readPicture(message: ArrayBuffer): CodedPicture | undefined {
  const { byteLength } = message;
  if (byteLength <= headerBytes || byteLength > headerBytes + maxPictureBytes) return undefined;
  const view = new DataView(message);
  if (view.getUint8(0) !== version) return undefined;
  const bits = view.getUint8(1);
  return {
    key: (bits & flags.key) !== 0,
    isShownTime: (bits & flags.shown) !== 0,
    ageMs: view.getInt32(4),
    wallUs: Number(view.getBigUint64(8)),
    data: new Uint8Array(message, headerBytes),
  };
}
