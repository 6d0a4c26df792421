import { findStartCode, splitAnnexB } from "../../codecs/annexb.ts";
import { nalFacts } from "../../codecs/nal.ts";
import type { NalCodec } from "../../media/format.ts";

/** What stands in a report where the camera's own address stood. */
export const addressMark = "{address}";

const rtpHeaderBytes = 12;
/** Bytes of a picture's or a sound's payload that tell how it was cut, and no more. */
const tellingBytes = 8;
const filling = 0x55;

/**
 * A message without what nobody else may know: addresses, credentials, nonces, names and serial numbers. What remains is
 * how the camera writes. `Content-Length` stays as wrong or right as it was.
 */
export function scrubMessage(text: string, camera: { readonly host: string; readonly name: string }): string {
  const end = /\r?\n\r?\n/.exec(text);
  const headAt = end ? end.index + end[0].length : text.length;
  const head = text.slice(0, headAt);
  const body = text.slice(headAt);
  const cleanBody = body
    .split("\n")
    .map((line) => scrubLine(line, camera))
    .join("\n");
  const grown = Buffer.byteLength(cleanBody, "latin1") - Buffer.byteLength(body, "latin1");
  const cleanHead = head
    .split("\n")
    .map((line) => scrubHeader(line, camera))
    .join("\n")
    .replace(
      /^(Content-Length\s*:\s*)(\d+)/im,
      (_, name: string, length: string) => `${name}${Number(length) + grown}`,
    );
  return cleanHead + cleanBody;
}

function scrubHeader(line: string, camera: { readonly host: string; readonly name: string }): string {
  if (/^authorization\s*:/i.test(line)) return line.replace(/:\s*(\w+).*?(\r?)$/, ": $1 hidden$2");
  if (/^www-authenticate\s*:/i.test(line)) {
    return line.replace(/(realm|nonce|opaque|domain)\s*=\s*("[^"]*"|[^,\s]+)/gi, '$1="hidden"');
  }
  return scrubLine(line, camera);
}

function scrubLine(line: string, { host, name }: { readonly host: string; readonly name: string }): string {
  if (/^[iuep]=/.test(line)) return line.replace(/=.*?(\r?)$/, "=hidden$1");
  const clean = line
    .replaceAll(name, addressMark)
    .replaceAll(host, addressMark)
    .replace(/(rtsps?:\/\/)[^\s/@]*@/gi, "$1")
    .replace(/(?<![A-Za-z])(user(?:name)?|pass(?:word)?|pwd|token|auth|key)([=_:])[^&_\s/;"]*/gi, "$1$2hidden")
    .replace(/\b(?!0\.0\.0\.0\b)\d{1,3}(?:\.\d{1,3}){3}\b/g, "192.0.2.1")
    .replace(/\b[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}\b/gi, "00:00:00:00:00:00");
  if (/^(a=(fmtp|rtpmap)|session|transport|rtp-info|cseq|content-)/i.test(line)) return clean;
  return clean.replace(/\d{7,}/g, (digits) => "0".repeat(digits.length));
}

/** An RTP packet without what it shows or lets hear: its headers, parameter sets, and the first bytes of the rest. */
export function scrubPacket(packet: Uint8Array, codec: NalCodec | undefined): Uint8Array {
  const clean = Uint8Array.from(packet);
  const payload = clean.subarray(rtpHeaderBytes);
  for (const unit of codec ? unitsIn(payload, codec) : [payload]) {
    const keep = codec !== undefined && nalFacts[codec].setRank(unit) >= 0;
    if (!keep) unit.fill(filling, tellingBytes);
  }
  return clean;
}

/** Views of the units, or the piece of one, that a payload holds. */
function unitsIn(payload: Uint8Array, codec: NalCodec): Uint8Array[] {
  if (findStartCode(payload) >= 0) return splitAnnexB(payload);
  const headerBytes = nalFacts[codec].headerBytes;
  const type = codec === "h264" ? (payload[0] ?? 0) & 31 : ((payload[0] ?? 0) >> 1) & 63;
  if (type !== (codec === "h264" ? 24 : 48)) return [payload];
  const units: Uint8Array[] = [];
  for (let at = headerBytes; at + 2 < payload.length; ) {
    const length = (payload[at] ?? 0) * 256 + (payload[at + 1] ?? 0);
    units.push(payload.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return units;
}

/** Bytes that belong to nothing, which may hold anything: what they begin with, and how many they are. */
export function scrubNoise(data: Uint8Array): Uint8Array {
  const clean = Uint8Array.from(data);
  clean.fill(filling, 20);
  return clean;
}
