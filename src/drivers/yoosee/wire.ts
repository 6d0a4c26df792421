/**
 * The talk dialect of Yoosee / Gwell cameras: requests in the manner of RTSP 1.0, and sound in records of fixed size
 * on the same TCP connection.
 *
 *     offset size  classic                      gwell
 *          0    1  0x24 '$'                     0x24 '$'
 *          1    1  0x02 channel                 0x02 channel
 *          2    2  332, LITTLE-endian (4C 01)   332, big-endian (01 4C)
 *          4   12  zeros                        RTP header (RFC 3550), payload type 8, timestamp step 160
 *         16  320  PCM s16le mono               PCM s16le mono (in spite of payload type 8)
 *
 * The length counts the 12 + 320 bytes. 320 bytes last 20 ms at 8 kHz and 10 ms at 16 kHz.
 */
import { WireError } from "../../util/errors.ts";
import type { Profile, ProfileName } from "./profile.ts";

/** PCM bytes in one record. */
export const pcmBytes = 320;
/** Bytes of one record. */
export const recordBytes = 336;
const payloadBytes = recordBytes - 4;
const maxHeadBytes = 16 * 1024;
const maxBodyBytes = 64 * 1024;

/** Whom a request is for. */
export interface RequestTarget {
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Without the leading slash, e.g. `onvif1`. */
  readonly path: string;
}

/** What a control request asks of the camera's speaker. */
export type ControlVerb = "OPEN" | "CLOSE";

/**
 * The request that opens or closes the camera's speaker. `classic`: CSeq is always 8 to open and 10 to close, and
 * `Content-length` has the literal text that the firmware expects. `gwell`: `cseq` counts from 1 on each connection.
 */
export function controlRequest(
  verb: ControlVerb,
  options: { readonly profile: Profile; readonly target: RequestTarget; readonly cseq: number },
): Uint8Array {
  const { profile, target } = options;
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  const lines =
    profile.name === "classic"
      ? [
          `USER_CMD_SET rtsp://${host}/${target.path} RTSP/1.0`,
          `CSeq: ${controlCseq(verb, options)}`,
          "Content-length: strlen(Content-type)",
          `Content-type: AudioCtlCmd:${verb}`,
        ]
      : [
          `USER_CMD_SET rtsp://${host}:${target.port}/${target.path} RTSP/1.0`,
          `CSeq: ${controlCseq(verb, options)}`,
          "Content-type:",
          `AudioCtlCmd: ${verb}`,
        ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/** The CSeq that {@link controlRequest} puts in, which the reply repeats. */
export function controlCseq(verb: ControlVerb, options: { readonly profile: Profile; readonly cseq: number }): number {
  if (options.profile.name === "classic") return verb === "OPEN" ? 8 : 10;
  return options.cseq;
}

/** An OPTIONS request: the answer's `Public` header says whether the camera knows USER_CMD_SET. */
export function optionsRequest(options: { readonly target: RequestTarget; readonly cseq: number }): Uint8Array {
  const { host, port, path } = options.target;
  const authority = host.includes(":") ? `[${host}]` : host;
  return Buffer.from(
    `OPTIONS rtsp://${authority}:${port}/${path} RTSP/1.0\r\nCSeq: ${options.cseq}\r\nUser-Agent: Doorward\r\n\r\n`,
    "latin1",
  );
}

/** Makes the records of one connection, in order. */
export class RecordEncoder {
  readonly #name: ProfileName;
  #sequence: number;
  #timestamp: number;
  #first = true;
  readonly #ssrc: number;

  /** `random` gives numbers in [0, 1) for the RTP header's starting values. */
  constructor(profile: Profile, random: () => number = Math.random) {
    this.#name = profile.name;
    this.#sequence = Math.floor(random() * 0x1_0000);
    this.#timestamp = Math.floor(random() * 0x1_0000_0000);
    this.#ssrc = Math.floor(random() * 0xffff_ffff) + 1;
  }

  /** The record of exactly 320 bytes of PCM; throws WireError for any other size. */
  encode(pcm: Uint8Array): Uint8Array {
    if (pcm.length !== pcmBytes) throw new WireError(`audio record: ${pcm.length} bytes of PCM instead of ${pcmBytes}`);
    const record = new Uint8Array(recordBytes);
    const view = new DataView(record.buffer);
    record[0] = 0x24;
    record[1] = 2;
    view.setUint16(2, payloadBytes, this.#name === "classic");
    if (this.#name === "gwell") this.#rtpHeader(view);
    record.set(pcm, recordBytes - pcmBytes);
    return record;
  }

  #rtpHeader(view: DataView): void {
    view.setUint8(4, 0x80);
    view.setUint8(5, this.#first ? 0x88 : 0x08);
    view.setUint16(6, this.#sequence);
    view.setUint32(8, this.#timestamp);
    view.setUint32(12, this.#ssrc);
    this.#first = false;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + 160) >>> 0;
  }
}

/** One record as a camera takes it: the firmware reads fixed 332 bytes and ignores the length's byte order. */
export interface AudioRecord {
  readonly channel: number;
  readonly header: Uint8Array;
  readonly pcm: Uint8Array;
  readonly form: ProfileName;
}

/** Reads the record at the start of `bytes`; undefined when more is needed. Throws WireError for what is no record. */
export function parseRecord(bytes: Uint8Array): AudioRecord | undefined {
  if (bytes.length >= 1 && bytes[0] !== 0x24) throw new WireError(`audio record: begins with byte ${bytes[0]}`);
  if (bytes.length < recordBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, recordBytes);
  const little = view.getUint16(2, true) === payloadBytes;
  if (!little && view.getUint16(2) !== payloadBytes) throw new WireError("audio record: length is not 332");
  return {
    channel: view.getUint8(1),
    header: bytes.subarray(4, 16),
    pcm: bytes.subarray(16, recordBytes),
    form: little ? "classic" : "gwell",
  };
}

/** A request or reply without its body, and how many bytes it took. Header names are in lower case. */
export interface Message {
  readonly startLine: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: number;
}

/** A camera's reply. */
export interface Reply extends Message {
  readonly status: number;
  readonly reason: string;
  readonly cseq: number | undefined;
}

/**
 * Reads the message at the start of `bytes`, its body skipped; undefined when more is needed. A `Content-length` that
 * is no number (these firmwares repeat the literal text) means no body. Throws WireError for a head over 16 KiB.
 */
export function parseMessage(bytes: Uint8Array): Message | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, maxHeadBytes)).toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) {
    if (bytes.length >= maxHeadBytes) throw new WireError("message: head is longer than 16 KiB");
    return undefined;
  }
  const [startLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const length = /^\d+$/.test(headers.get("content-length") ?? "") ? Number(headers.get("content-length")) : 0;
  if (length > maxBodyBytes) throw new WireError(`message: body of ${length} bytes`);
  const total = end + 4 + length;
  return bytes.length < total ? undefined : { startLine, headers, bytes: total };
}

/** Reads the reply at the start of `bytes`; undefined when more is needed. Throws WireError for what is not RTSP. */
export function parseReply(bytes: Uint8Array): Reply | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 7)).toString("latin1");
  if (!"RTSP/1.".startsWith(start)) throw new WireError("reply: does not begin with RTSP/1.");
  const message = parseMessage(bytes);
  if (!message) return undefined;
  const match = /^RTSP\/1\.\d (\d{3})(?: (.*))?$/.exec(message.startLine);
  if (!match) throw new WireError("reply: status line cannot be read");
  const cseq = message.headers.get("cseq");
  return {
    ...message,
    status: Number(match[1]),
    reason: match[2] ?? "",
    cseq: cseq !== undefined && /^\d{1,9}$/.test(cseq) ? Number(cseq) : undefined,
  };
}
