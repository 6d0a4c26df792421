import { fromLengthPrefixed } from "../../codecs/annexb.ts";
import type { NalCodec } from "../../media/format.ts";
import { WireError } from "../../util/errors.ts";

/** A NAL unit or a piece of one. `first` pieces begin with the unit's header, which stands in `header` where it was taken apart. */
export interface NalPart {
  readonly header: Uint8Array | undefined;
  /** Of these the bytes from `from` on; the payload, or a view of it. */
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly first: boolean;
  readonly last: boolean;
}

interface PayloadOptions {
  readonly codec: NalCodec;
  /** H.265 with `sprop-max-don-diff` above 0: decoding order numbers stand in aggregation and fragmentation units. */
  readonly hasDon: boolean;
}

/** What is read of one payload. */
export interface VideoPayload {
  readonly parts: readonly NalPart[];
  /** Bytes behind an aggregate that belong to nothing. */
  readonly filled: boolean;
  /** The end of an aggregate is missing. */
  readonly cut: boolean;
}

/**
 * Units and pieces in one payload. H.264 (RFC 6184): single units 1 to 23, STAP-A 24, STAP-B 25, FU-A 28, FU-B 29. H.265
 * (RFC 7798): single units, AP 48, FU 49. Not of the RFCs, but of cameras: a whole unit behind its length. Throws WireError
 * for anything else.
 */
export function readVideoPayload(payload: Uint8Array, options: PayloadOptions): VideoPayload {
  return options.codec === "h264" ? readH264(payload) : readH265(payload, options.hasDon ? 2 : 0);
}

/** Whether a payload is a piece of byte stream (annex B of both codecs) instead of a unit. */
export function beginsWithStartCode(payload: Uint8Array): boolean {
  if (payload[0] !== 0 || payload[1] !== 0) return false;
  return payload[2] === 1 || (payload[2] === 0 && payload[3] === 1);
}

function only(part: NalPart): VideoPayload {
  return { parts: [part], filled: false, cut: false };
}

function whole(bytes: Uint8Array): NalPart {
  return { header: undefined, bytes, from: 0, first: true, last: true };
}

function readH264(payload: Uint8Array): VideoPayload {
  if (payload.length < 1) throw new WireError("H.264 RTP: empty payload");
  const type = payload[0]! & 0x1f;
  if (type >= 1 && type <= 23) return only(whole(payload));
  if (type === 24) return readAggregate(payload, { at: 1, firstDonBytes: 0, donBytes: 0 });
  if (type === 25) return readAggregate(payload, { at: 1, firstDonBytes: 2, donBytes: 0 });
  if (type === 0) return readLengthPrefixed(payload, "H.264");
  if (type !== 28 && type !== 29) throw new WireError(`H.264 RTP: packet type ${type}`);
  const bodyAt = type === 29 && (payload[1]! & 0x80) !== 0 ? 4 : 2;
  if (payload.length <= bodyAt) throw new WireError("H.264 RTP: FU without content");
  const flags = payload[1]!;
  const header = isFirst(flags) ? Uint8Array.of((payload[0]! & 0xe0) | (flags & 0x1f)) : undefined;
  return only(fragment(payload, { flags, header, bodyAt }));
}

function readH265(payload: Uint8Array, donBytes: number): VideoPayload {
  if (payload.length < 3) throw new WireError("H.265 RTP: payload too short");
  const type = (payload[0]! >> 1) & 0x3f;
  if (payload[0] === 0 && payload[1] === 0) return readLengthPrefixed(payload, "H.265");
  if (type < 48) return only(whole(payload));
  if (type === 48) return readAggregate(payload, { at: 2, firstDonBytes: donBytes, donBytes: donBytes / 2 });
  if (type !== 49) throw new WireError(`H.265 RTP: packet type ${type}`);
  if (payload.length < 4 + donBytes) throw new WireError("H.265 RTP: FU without content");
  const flags = payload[2]!;
  const header = isFirst(flags) ? Uint8Array.of((payload[0]! & 0x81) | ((flags & 0x3f) << 1), payload[1]!) : undefined;
  return only(fragment(payload, { flags, header, bodyAt: 3 + donBytes }));
}

/** Units behind lengths of four bytes that add up to the payload, as they stand in MP4. */
function readLengthPrefixed(payload: Uint8Array, codec: string): VideoPayload {
  try {
    const nals = fromLengthPrefixed(payload);
    return { parts: nals.map(whole), filled: false, cut: false };
  } catch (error) {
    throw new WireError(`${codec} RTP: neither a unit nor a packet`, { cause: error });
  }
}

/** A fragment's start bit, in both codecs. */
function isFirst(flags: number): boolean {
  return (flags & 0x80) !== 0;
}

/** The first piece gets the unit's header back in place of the fragmentation header. */
function fragment(
  payload: Uint8Array,
  fu: { readonly flags: number; readonly header: Uint8Array | undefined; readonly bodyAt: number },
): NalPart {
  const { flags, header, bodyAt: from } = fu;
  return { header, bytes: payload, from, first: isFirst(flags), last: (flags & 0x40) !== 0 };
}

/** The units of an aggregate; what stands behind the last whole one is filling, or the beginning of one that was cut. */
function readAggregate(
  payload: Uint8Array,
  run: { at: number; firstDonBytes: number; donBytes: number },
): VideoPayload {
  const parts: NalPart[] = [];
  let at = run.at;
  for (;;) {
    const lengthAt = at + (parts.length === 0 ? run.firstDonBytes : run.donBytes);
    if (lengthAt + 2 > payload.length) break;
    const length = payload[lengthAt]! * 256 + payload[lengthAt + 1]!;
    const end = lengthAt + 2 + length;
    if (length === 0 || end > payload.length) break;
    parts.push(whole(payload.subarray(lengthAt + 2, end)));
    at = end;
  }
  const rest = payload.subarray(at);
  if (parts.length === 0) throw new WireError(`RTP aggregate: no unit in ${payload.length} bytes`);
  const filling = rest.length < 3 || rest.every((byte) => byte === 0);
  return { parts, filled: filling && rest.length > 0, cut: !filling };
}
