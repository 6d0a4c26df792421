import { WireError } from "../../util/errors.ts";

/** The headers of one RTP payload of a JPEG picture. */
export interface JpegPayload {
  /** Where in the coded picture the data belong. */
  readonly offset: number;
  readonly sampling: "4:2:0" | "4:2:2";
  /** 1 to 99: tables are made of it; 128 and more: they are sent along. */
  readonly quality: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly restartInterval: number;
  /** Quantization tables, where they are sent along: two of 64 bytes. */
  readonly tables: Uint8Array | undefined;
  readonly data: Uint8Array;
}

/**
 * Reads a payload (RFC 2435, 3.1).
 *
 *     | type-specific |              fragment offset                  |
 *     |     type      |       Q       |    width/8    |   height/8    |
 *     |       restart interval        |F|L|       count               |   of types 64 to 127
 *     |      MBZ      |   precision   |            length             |   of Q 128 and more, in the first piece
 *     |                     quantization tables                       |
 *
 * Throws WireError for a kind of picture that it does not describe.
 */
export function readJpegPayload(bytes: Uint8Array): JpegPayload {
  if (bytes.length < 8) throw new WireError("JPEG RTP: too short");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offset = view.getUint32(0) & 0xffffff;
  const [type, quality] = [view.getUint8(4), view.getUint8(5)];
  const [widthPx, heightPx] = [view.getUint8(6) * 8, view.getUint8(7) * 8];
  if ((type & 0x3f) > 1 || type > 127) throw new WireError(`JPEG RTP: type ${type}`);
  if (widthPx === 0 || heightPx === 0) throw new WireError("JPEG RTP: a picture of over 2040 pixels");
  let at = 8;
  const restarts = type >= 64;
  if (restarts && bytes.length < at + 4) throw new WireError("JPEG RTP: cut");
  const restartInterval = restarts ? view.getUint16(at) : 0;
  if (restarts) at += 4;
  let tables: Uint8Array | undefined;
  if (quality >= 128 && offset === 0) {
    if (bytes.length < at + 4) throw new WireError("JPEG RTP: cut");
    const length = view.getUint16(at + 2);
    const known = length === 0 || length === 64 || length === 128;
    if (view.getUint8(at + 1) !== 0 || !known) throw new WireError("JPEG RTP: other tables");
    at += 4;
    if (bytes.length < at + length) throw new WireError("JPEG RTP: tables are cut");
    const sent = bytes.slice(at, at + length);
    if (length > 0) tables = length === 64 ? Buffer.concat([sent, sent]) : sent; // one for both
    at += length;
  }
  const sampling = (type & 1) === 1 ? "4:2:0" : "4:2:2";
  return { offset, sampling, quality, widthPx, heightPx, restartInterval, tables, data: bytes.slice(at) };
}
