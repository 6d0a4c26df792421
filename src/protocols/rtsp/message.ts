import { WireError } from "../../util/errors.ts";
import type { RtspHeaders } from "./headers.ts";

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
  /** As it came, header block and body; of messages that were received. */
  readonly raw?: Uint8Array;
}

/** A response. */
export interface RtspResponse {
  readonly kind: "response";
  readonly status: number;
  readonly reason: string;
  readonly headers: RtspHeaders;
  readonly body: Uint8Array;
  /** As it came, header block and body; of messages that were received. */
  readonly raw?: Uint8Array;
}

/** Binary data on the same connection; `payload` is a view into what was received. */
export interface InterleavedFrame {
  readonly kind: "frame";
  readonly channel: number;
  readonly payload: Uint8Array;
}

/** Bytes that belong to nothing, or to something that was spoilt on its way; they were passed over. */
export interface RtspNoise {
  readonly kind: "noise";
  readonly bytes: number;
  /** The bytes themselves, as far as they came in one piece. */
  readonly data: Uint8Array;
  /** The last frame that was given is among them. */
  readonly spoilt: boolean;
}

/** Whatever one connection carries. */
export type RtspMessage = RtspRequest | RtspResponse | InterleavedFrame | RtspNoise;

/** Longest header block, bytes. */
export const maxHeaderBytes = 16 * 1024;
/** Longest body, bytes: a session description has some kilobytes. */
export const maxBodyBytes = 128 * 1024;

const dollar = 0x24;
const emptyBody = new Uint8Array(0);

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
