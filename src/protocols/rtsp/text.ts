import { RtspHeaders } from "./headers.ts";
import { maxBodyBytes, maxHeaderBytes, type RtspRequest, type RtspResponse } from "./message.ts";

/** What was found at one place: a message and the bytes that it takes, "more" when it is not all there, "no" for none. */
export type TextStep = { readonly message: RtspRequest | RtspResponse; readonly used: number } | "more" | "no";

const maxLineBytes = 2048;
const lineFeed = 0x0a;
const equalsSign = 0x3d;
const emptyBody = new Uint8Array(0);
const latin1 = new TextDecoder("latin1");

/** First lines as cameras write them: any case, more or fewer blanks, no minor version. */
const statusLine = /^RTSP *\/? *\d(?:\.\d+)?[ \t]+([1-9]\d{2})(?!\d)[ \t]*(.*)$/i;
const requestLine = /^([A-Za-z_]{1,32})[ \t]+([!-~]+)[ \t]+RTSP\/\d(?:\.\d+)?[ \t]*$/i;
/** What the beginning of a first line may look like while its end is still on its way. */
const lineBeginning = /^(R(T(S(P( *(\/.*)?)?)?)?)?|[A-Z_]{1,32}([ \t].*)?)$/i;

/**
 * The request or response that begins at `at`, read as forgivingly as it can be: header lines without a name or with a
 * broken one are passed over, a `Content-Length` that is no number or absurd counts as none. Never throws.
 */
export function readText(bytes: Uint8Array, at: number): TextStep {
  const verdict = looksLikeText(bytes, at);
  if (verdict !== "yes") return verdict;
  const bodyAt = findBlockEnd(bytes, at);
  if (bodyAt === undefined) return bytes.length - at >= maxHeaderBytes ? "no" : "more";
  const [line = "", ...lines] = latin1.decode(bytes.subarray(at, bodyAt)).trimEnd().split(/\r?\n/);
  const headers = readHeaders(lines);
  const end = readBodyEnd(bytes, { bodyAt, headers });
  if (bytes.length < end) return "more";
  // A message outlives what it was read from.
  const raw = new Uint8Array(bytes.subarray(at, end));
  const body = end > bodyAt ? raw.subarray(bodyAt - at) : emptyBody;
  const message = readFirstLine(line, { headers, body, raw });
  return message ? { message, used: end - at } : "no";
}

/** Whether a request or response may begin at `at`, as far as the first line has come. */
export function looksLikeText(bytes: Uint8Array, at: number): "yes" | "more" | "no" {
  const first = bytes[at] ?? 0;
  if (first < 0x41 || first > 0x7a) return "no";
  const limit = Math.min(bytes.length, at + maxLineBytes);
  let end = bytes.indexOf(lineFeed, at);
  if (end < 0 || end > limit) end = limit;
  for (let i = at; i < end; i++) if (isBinary(bytes[i] as number)) return "no";
  const line = latin1.decode(bytes.subarray(at, end)).trimEnd();
  if (bytes[end] === lineFeed) return statusLine.test(line) || requestLine.test(line) ? "yes" : "no";
  return end - at < maxLineBytes && lineBeginning.test(line) ? "more" : "no";
}

/** Whether `at` holds the first line of another protocol: nothing of ours will ever follow. */
export function otherProtocol(bytes: Uint8Array, at: number): string | undefined {
  const line = latin1.decode(bytes.subarray(at, Math.min(bytes.length, at + 64))).split(/\r?\n/)[0] ?? "";
  return /^(HTTP\/\d|SSH-\d|SIP\/\d|220[ -]|\* OK)|\sHTTP\/\d/i.exec(line)?.[0]?.trim();
}

function isBinary(byte: number): boolean {
  return byte < 0x20 && byte !== 0x09 && byte !== 0x0d;
}

/** Where the body begins; some cameras end their lines with LF alone. */
function findBlockEnd(bytes: Uint8Array, from: number): number | undefined {
  const limit = Math.min(bytes.length, from + maxHeaderBytes);
  for (let at = bytes.indexOf(lineFeed, from); at >= 0 && at < limit; at = bytes.indexOf(lineFeed, at + 1)) {
    if (bytes[at + 1] === lineFeed) return at + 2;
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === lineFeed) return at + 3;
  }
  return undefined;
}

function readHeaders(lines: readonly string[]): RtspHeaders {
  const headers = new RtspHeaders();
  for (const line of lines) {
    if (/^[ \t]/.test(line)) continue; // a folded line: none of the fields that matter here is ever folded
    const [, name, value] = /^([^:\s]+)\s*:(.*)$/.exec(line) ?? [];
    if (name !== undefined && RtspHeaders.isName(name)) headers.add(name, withoutControls(value ?? "").trim());
  }
  return headers;
}

function withoutControls(value: string): string {
  return [...value].filter((char) => char >= " " || char === "\t").join("");
}

function readBodyEnd(bytes: Uint8Array, message: { readonly bodyAt: number; readonly headers: RtspHeaders }): number {
  const { bodyAt, headers } = message;
  const value = headers.get("Content-Length") ?? "";
  const length = /^\d{1,9}$/.test(value) ? Number(value) : undefined;
  if (length !== undefined && length <= maxBodyBytes) return bodyAt + length;
  return /^application\/sdp/i.test(headers.get("Content-Type") ?? "") ? endOfDescription(bytes, bodyAt) : bodyAt;
}

/** Where a description ends whose length is missing or wrong: behind the last line that may be one of its own. */
function endOfDescription(bytes: Uint8Array, from: number): number {
  const limit = Math.min(bytes.length, from + maxBodyBytes);
  let at = from;
  while (at < limit && bytes[at + 1] === equalsSign) {
    const end = bytes.indexOf(lineFeed, at);
    if (end < 0 || end >= limit) return bytes.length + 1; // the line is still on its way
    at = end + 1;
  }
  return at > from ? at : from;
}

function readFirstLine(
  line: string,
  rest: { readonly headers: RtspHeaders; readonly body: Uint8Array; readonly raw: Uint8Array },
): RtspRequest | RtspResponse | undefined {
  const response = statusLine.exec(line);
  if (response) return { kind: "response", status: Number(response[1]), reason: response[2] ?? "", ...rest };
  const request = requestLine.exec(line);
  return request ? { kind: "request", method: request[1] as string, uri: request[2] as string, ...rest } : undefined;
}
