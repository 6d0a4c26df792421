import { newBytes, type TakeBytes } from "../../codecs/annexb.ts";
import type { NalCodec } from "../../media/format.ts";
import type { RtpPayload } from "./payload.ts";

interface VideoPacketizerOptions {
  readonly codec: NalCodec;
  readonly maxBytes: number;
  /** Gives the bytes of what is put together; new ones by default. */
  readonly take?: TakeBytes;
}

/**
 * Payloads of one access unit: units that fit travel alone or several in one (STAP-A, RFC 6184 5.7.1; AP, RFC 7798
 * 4.4.2), the others in pieces (FU-A, 5.8; FU, 4.4.3). The last payload has the marker.
 */
export function packetizeVideo(nals: readonly Uint8Array[], options: VideoPacketizerOptions): RtpPayload[] {
  const headerBytes = options.codec === "h264" ? 1 : 2;
  const bodies: Uint8Array[] = [];
  let group: Uint8Array[] = [];
  let groupBytes = headerBytes;
  const closeGroup = () => {
    if (group.length > 0) bodies.push(group.length === 1 ? group[0]! : aggregate(group, options));
    group = [];
    groupBytes = headerBytes;
  };
  for (const nal of nals) {
    if (nal.length < headerBytes) continue;
    if (nal.length > options.maxBytes) {
      closeGroup();
      fragment(nal, options, bodies);
      continue;
    }
    if (groupBytes + 2 + nal.length > options.maxBytes) closeGroup();
    group.push(nal);
    groupBytes += 2 + nal.length;
  }
  closeGroup();
  const last = bodies.length - 1;
  return bodies.map((payload, i) => ({ payload, marker: i === last, timestampOffset: 0 }));
}

/** One payload of several units, each after its 16-bit length; the header takes the highest importance among them. */
function aggregate(nals: readonly Uint8Array[], { codec, take = newBytes }: VideoPacketizerOptions): Uint8Array {
  const headerBytes = codec === "h264" ? 1 : 2;
  const payload = take(nals.reduce((sum, nal) => sum + 2 + nal.length, headerBytes));
  if (codec === "h264") {
    payload[0] = 24 | nals.reduce((nri, nal) => Math.max(nri, nal[0]! & 0x60), 0);
  } else {
    payload[0] = 48 << 1;
    payload[1] = nals.reduce((tid, nal) => Math.min(tid, nal[1]! & 7), 7);
  }
  let at = headerBytes;
  for (const nal of nals) {
    payload[at] = nal.length >> 8;
    payload[at + 1] = nal.length;
    payload.set(nal, at + 2);
    at += 2 + nal.length;
  }
  return payload;
}

/**
 * Pieces of one unit. The unit's own header is not sent: its type is in the last header byte, with start and end bits. They
 * are of one length but for the last, which lets the system send them in one call (UDP_SEGMENT).
 */
function fragment(nal: Uint8Array, options: VideoPacketizerOptions, bodies: Uint8Array[]): void {
  const headerBytes = options.codec === "h264" ? 1 : 2;
  const header = fragmentHeader(nal, options.codec);
  const bodyBytes = nal.length - headerBytes;
  const count = Math.ceil(bodyBytes / (options.maxBytes - header.length));
  const room = Math.ceil(bodyBytes / count);
  // All pieces in one allocation, and without a view of each piece of the unit: what the collector would have to look after. The unit
  // is copied to the end as a whole, and its pieces from there, of which none overwrites a later one.
  const bytes = (options.take ?? newBytes)(count * header.length + bodyBytes);
  bytes.set(nal.subarray(headerBytes), count * header.length);
  let end = 0;
  for (let at = 0; at < bodyBytes; at += room) {
    const pieceBytes = Math.min(room, bodyBytes - at);
    const from = count * header.length + at;
    bytes.copyWithin(end + header.length, from, from + pieceBytes);
    bytes.set(header, end);
    if (at === 0) bytes[end + header.length - 1]! |= 0x80;
    if (at + room >= bodyBytes) bytes[end + header.length - 1]! |= 0x40;
    bodies.push(bytes.subarray(end, end + header.length + pieceBytes));
    end += header.length + pieceBytes;
  }
}

function fragmentHeader(nal: Uint8Array, codec: NalCodec): Uint8Array {
  if (codec === "h264") return Uint8Array.of((nal[0]! & 0xe0) | 28, nal[0]! & 0x1f);
  return Uint8Array.of((nal[0]! & 0x81) | (49 << 1), nal[1]!, (nal[0]! >> 1) & 0x3f);
}
