import { WireError } from "../../util/errors.ts";
import { RtspHeaders } from "./headers.ts";

/**
 * Grammar of an RTSP 1.0 connection (RFC 2326): requests, responses and interleaved binary data (section 10.12).
 *
 *     '$' | channel (1) | length (2, big-endian) | payload         interleaved frame
 *     first line CRLF (name: value CRLF)* CRLF body                request or response
 */

/** A request; sent by either side. */
export interface RtspRequest {
  readonly kind: "request";
  readonly method: string;
  readonly uri: string;
  readonly headers: RtspHeaders;
  readonly body: Uint8Array;
}

/** A response. */
export interface RtspResponse {
  readonly kind: "response";
  readonly status: number;
  readonly reason: string;
  readonly headers: RtspHeaders;
  readonly body: Uint8Array;
}

/** Binary data on the same connection; `payload` is a view into what was received. */
export interface InterleavedFrame {
  readonly kind: "frame";
  readonly channel: number;
  readonly payload: Uint8Array;
}

/** Whatever one connection carries. */
export type RtspMessage = RtspRequest | RtspResponse | InterleavedFrame;

/** Longest header block, bytes (SECURITY.md, 12). */
export const maxHeaderBytes = 16 * 1024;
/** Longest body, bytes: a session description has some kilobytes. */
export const maxBodyBytes = 128 * 1024;

const dollar = 0x24;
const emptyBody = new Uint8Array(0);
const latin1 = new TextDecoder("latin1");

/** Outcome of one look at the buffer: a message and what it took, or how many bytes it takes at least to go on. */
type Step = { readonly message: RtspMessage; readonly used: number } | { readonly need: number };

/**
 * Cuts the bytes of one connection into messages, however they were split on their way. Holds at most one incomplete
 * message. `push` throws WireError for malformed bytes; the connection is then of no more use.
 */
export class RtspParser {
  #chunks: Uint8Array[] = [];
  #held = 0;
  #need = 1;

  /** Bytes of a message that is not complete yet. */
  get pendingBytes(): number {
    return this.#held;
  }

  /** Takes what was read and gives the messages that became complete. */
  push(chunk: Uint8Array): RtspMessage[] {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    const messages: RtspMessage[] = [];
    if (this.#held < this.#need) return messages;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#held);
    let at = skipBlank(bytes, 0);
    this.#need = 1;
    while (at < bytes.length) {
      const step = readMessage(bytes.subarray(at));
      if ("need" in step) {
        this.#need = step.need;
        break;
      }
      messages.push(step.message);
      at = skipBlank(bytes, at + step.used);
    }
    this.#chunks = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#held = bytes.length - at;
    return messages;
  }
}

/** Bytes of an interleaved frame. Throws WireError when the payload is longer than 65,535 bytes. */
export function serializeFrame(channel: number, payload: Uint8Array): Uint8Array {
  if (payload.length > 0xffff) throw new WireError("interleaved frame: payload over 65535 bytes");
  const bytes = new Uint8Array(4 + payload.length);
  bytes[0] = dollar;
  bytes[1] = channel;
  bytes[2] = payload.length >> 8;
  bytes[3] = payload.length & 0xff;
  bytes.set(payload, 4);
  return bytes;
}

/** What {@link serializeMessage} takes; `Content-Length` is added by it. */
export type OutgoingMessage =
  | { readonly method: string; readonly uri: string; readonly headers: RtspHeaders; readonly body?: Uint8Array }
  | { readonly status: number; readonly reason?: string; readonly headers: RtspHeaders; readonly body?: Uint8Array };

/** Bytes of a request or response. */
export function serializeMessage(message: OutgoingMessage): Uint8Array {
  const first =
    "method" in message
      ? `${message.method} ${message.uri} RTSP/1.0`
      : `RTSP/1.0 ${message.status} ${message.reason ?? reasonOf(message.status)}`;
  if (/[\r\n\0]/.test(first)) throw new WireError("rtsp message: line break in the first line");
  let text = `${first}\r\n`;
  for (const [name, value] of message.headers) text += `${name}: ${value}\r\n`;
  const body = message.body ?? emptyBody;
  if (body.length > 0) text += `Content-Length: ${body.length}\r\n`;
  return Buffer.concat([Buffer.from(`${text}\r\n`, "utf8"), body]);
}

/** Reason phrase of a status (RFC 2326, 7.1.1). */
export function reasonOf(status: number): string {
  return reasons[status] ?? "Unknown";
}

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  451: "Parameter Not Understood",
  453: "Not Enough Bandwidth",
  454: "Session Not Found",
  455: "Method Not Valid in This State",
  461: "Unsupported Transport",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  551: "Option not supported",
};

function readMessage(bytes: Uint8Array): Step {
  return bytes[0] === dollar ? readFrame(bytes) : readText(bytes);
}

function readFrame(bytes: Uint8Array): Step {
  if (bytes.length < 4) return { need: 4 };
  const used = 4 + ((bytes[2] as number) << 8) + (bytes[3] as number);
  if (bytes.length < used) return { need: used };
  return { message: { kind: "frame", channel: bytes[1] as number, payload: bytes.subarray(4, used) }, used };
}

function readText(bytes: Uint8Array): Step {
  const first = bytes[0] as number;
  if (first < 0x41 || first > 0x7a) throw new WireError("rtsp: neither a message nor interleaved data");
  const block = findBlockEnd(bytes);
  if (block === undefined) {
    if (bytes.length >= maxHeaderBytes) throw new WireError("rtsp: header block over 16 KiB");
    return { need: bytes.length + 1 };
  }
  const [line = "", ...lines] = latin1.decode(bytes.subarray(0, block)).trimEnd().split(/\r?\n/);
  const headers = readHeaders(lines);
  const used = block + readContentLength(headers);
  if (bytes.length < used) return { need: used };
  const body = used > block ? bytes.slice(block, used) : emptyBody;
  return { message: readFirstLine(line, { headers, body }), used };
}

/** Where the body begins; some cameras end their lines with LF alone. */
function findBlockEnd(bytes: Uint8Array): number | undefined {
  const limit = Math.min(bytes.length, maxHeaderBytes);
  for (let at = bytes.indexOf(0x0a); at >= 0 && at < limit; at = bytes.indexOf(0x0a, at + 1)) {
    if (bytes[at + 1] === 0x0a) return at + 2;
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return at + 3;
  }
  return undefined;
}

function readHeaders(lines: readonly string[]): RtspHeaders {
  const headers = new RtspHeaders();
  for (const line of lines) {
    if (/^[ \t]/.test(line)) continue; // a folded line: none of the fields that matter here is ever folded
    const colon = line.indexOf(":");
    if (colon <= 0) throw new WireError("rtsp: header line without a name");
    headers.add(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return headers;
}

function readContentLength(headers: RtspHeaders): number {
  const value = headers.get("Content-Length");
  if (value === undefined) return 0;
  if (!/^\d{1,9}$/.test(value)) throw new WireError("rtsp: Content-Length is no number");
  const length = Number(value);
  if (length > maxBodyBytes) throw new WireError("rtsp: body over 128 KiB");
  return length;
}

function readFirstLine(
  line: string,
  rest: { readonly headers: RtspHeaders; readonly body: Uint8Array },
): RtspRequest | RtspResponse {
  const response = /^RTSP\/\d\.\d +(\d{3})(?: +(.*))?$/.exec(line);
  if (response) return { kind: "response", status: Number(response[1]), reason: response[2] ?? "", ...rest };
  const request = /^([A-Za-z_]{1,32}) +(\S+) +RTSP\/\d\.\d$/.exec(line);
  if (request) return { kind: "request", method: request[1] as string, uri: request[2] as string, ...rest };
  throw new WireError("rtsp: first line is neither a request nor a status");
}

/** Some cameras put an empty line between messages. */
function skipBlank(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x0d || bytes[at] === 0x0a) at++;
  return at;
}
