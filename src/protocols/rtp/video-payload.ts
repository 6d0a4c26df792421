import type { VideoCodec } from "../../media/format.ts";
import { WireError } from "../../util/errors.ts";

/** A NAL unit or a piece of one. `first` pieces begin with the unit's header. */
export interface NalPart {
  readonly bytes: Uint8Array;
  readonly first: boolean;
  readonly last: boolean;
}

interface PayloadOptions {
  readonly codec: VideoCodec;
  /** H.265 with `sprop-max-don-diff` above 0: decoding order numbers stand in aggregation and fragmentation units. */
  readonly hasDon: boolean;
}

/**
 * Units and pieces in one payload. H.264 (RFC 6184): single units 1 to 23, STAP-A 24, FU-A 28. H.265 (RFC 7798): single
 * units, AP 48, FU 49. Throws WireError for anything else.
 */
export function readVideoPayload(payload: Uint8Array, options: PayloadOptions): NalPart[] {
  return options.codec === "h264" ? readH264(payload) : readH265(payload, options.hasDon ? 2 : 0);
}

function readH264(payload: Uint8Array): NalPart[] {
  if (payload.length < 1) throw new WireError("H.264 RTP: empty payload");
  const type = payload[0]! & 0x1f;
  if (type >= 1 && type <= 23) return [{ bytes: payload, first: true, last: true }];
  if (type === 24) return readAggregate(payload, { at: 1, firstDonBytes: 0, donBytes: 0 });
  if (type !== 28) throw new WireError(`H.264 RTP: packet type ${type}`);
  if (payload.length < 3) throw new WireError("H.264 RTP: FU-A without content");
  const header = Uint8Array.of((payload[0]! & 0xe0) | (payload[1]! & 0x1f));
  return [fragment(payload, { flags: payload[1]!, header, bodyAt: 2 })];
}

function readH265(payload: Uint8Array, donBytes: number): NalPart[] {
  if (payload.length < 3) throw new WireError("H.265 RTP: payload too short");
  const type = (payload[0]! >> 1) & 0x3f;
  if (type < 48) return [{ bytes: payload, first: true, last: true }];
  if (type === 48) return readAggregate(payload, { at: 2, firstDonBytes: donBytes, donBytes: donBytes / 2 });
  if (type !== 49) throw new WireError(`H.265 RTP: packet type ${type}`);
  if (payload.length < 4 + donBytes) throw new WireError("H.265 RTP: FU without content");
  const header = Uint8Array.of((payload[0]! & 0x81) | ((payload[2]! & 0x3f) << 1), payload[1]!);
  return [fragment(payload, { flags: payload[2]!, header, bodyAt: 3 + donBytes })];
}

/** The first piece gets the unit's header back in place of the fragmentation header; the others are views. */
function fragment(payload: Uint8Array, fu: { flags: number; header: Uint8Array; bodyAt: number }): NalPart {
  const first = (fu.flags & 0x80) !== 0;
  const last = (fu.flags & 0x40) !== 0;
  const body = payload.subarray(fu.bodyAt);
  if (!first) return { bytes: body, first, last };
  const bytes = new Uint8Array(fu.header.length + body.length);
  bytes.set(fu.header);
  bytes.set(body, fu.header.length);
  return { bytes, first, last };
}

function readAggregate(payload: Uint8Array, run: { at: number; firstDonBytes: number; donBytes: number }): NalPart[] {
  const parts: NalPart[] = [];
  let at = run.at;
  while (at < payload.length) {
    at += parts.length === 0 ? run.firstDonBytes : run.donBytes;
    if (at + 2 > payload.length) throw new WireError("RTP aggregate: cut inside a length");
    const length = payload[at]! * 256 + payload[at + 1]!;
    at += 2;
    if (length > payload.length - at) throw new WireError(`RTP aggregate: ${length} bytes of ${payload.length - at}`);
    if (length > 0) parts.push({ bytes: payload.subarray(at, at + length), first: true, last: true });
    at += length;
  }
  return parts;
}
