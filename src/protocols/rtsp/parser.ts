import { WireError } from "../../util/errors.ts";
import { HeldBytes } from "./held-bytes.ts";
import type { InterleavedFrame, RtspMessage } from "./message.ts";
import { looksLikeText, otherProtocol, readText } from "./text.ts";

/** Options of {@link RtspParser}. */
export interface RtspParserOptions {
  /** Which interleaved channels were agreed on; all by default. Others are noise where the stream is in doubt. */
  readonly isChannel?: (channel: number) => boolean;
  /** What is pushed is used again by who pushes: nothing of it is held, and payloads of frames are valid until the next push. */
  readonly borrows?: boolean;
}

/** More noise than this, bytes, that no good message made up for: nothing will come of this connection. */
export const maxNoiseBytes = 1024 * 1024;
/** The same before the first good message. */
const maxNoiseAtFirst = 16 * 1024;

const dollar = 0x24;
const frameHeaderBytes = 4;
const rtpHeaderBytes = 12;
/** As many bytes tell whether a message begins with them. */
const telling = 5;

/** Outcome of one look: a message and where it ends, from how many bytes on to look again, or noise up to somewhere. */
type Step =
  | { readonly message: RtspMessage; readonly end: number }
  | { readonly need: number }
  | { readonly noiseTo: number };

/**
 * Cuts the bytes of one connection into messages, however they were split on their way. What belongs to nothing is passed
 * over up to the next plausible beginning and told as noise: bytes between frames, a frame that was cut short (what it
 * swallowed of the next ones is found again), a response inside a frame (which is taken out). Holds at most one incomplete
 * message. `push` throws WireError when the peer speaks another protocol, or noise alone; the connection is then of no more
 * use.
 */
export class RtspParser {
  readonly #held: HeldBytes;
  /** Memory for the last frame. */
  readonly #heldLast: HeldBytes | undefined;
  #need = 1;
  /** True while a beginning is being searched for. */
  #lost = false;
  /** Noise that good messages have not made up for yet, bytes. */
  #debt = 0;
  #started = false;
  /** The last frame with its header, if nothing has come behind it: it may turn out to have been cut short. */
  #last: Uint8Array | undefined;
  /** Synchronisation source of the last RTP packet of each channel, plus one; 0 before the first. */
  readonly #sources = new Float64Array(256);
  #knowsStreams = false;
  readonly #isChannel: (channel: number) => boolean;

  constructor(options: RtspParserOptions = {}) {
    const { borrows = false } = options;
    this.#held = new HeldBytes(borrows);
    this.#heldLast = borrows ? new HeldBytes(borrows) : undefined;
    this.#isChannel = options.isChannel ?? (() => true);
  }

  /** Bytes of a message that is not complete yet. */
  get pendingBytes(): number {
    return this.#held.length;
  }

  /** Takes what was read and gives the messages that became complete. */
  push(chunk: Uint8Array): RtspMessage[] {
    const messages: RtspMessage[] = [];
    const before = this.#held.length;
    const all = before + chunk.length;
    if (all < this.#need || (this.#last && all < telling)) this.#held.append(chunk);
    else if (before === 0) this.#keep(chunk, messages);
    else this.#complete(chunk, messages);
    if (this.#heldLast && this.#last) {
      this.#heldLast.set(this.#last);
      this.#last = this.#heldLast.bytes;
    }
    return messages;
  }

  /** Mostly one message is completed and the rest stands whole in the chunk: only the first is put together. */
  #complete(chunk: Uint8Array, messages: RtspMessage[]): void {
    const head = this.#need + telling - this.#held.length;
    if (this.#lost || this.#last || head <= 0 || head >= chunk.length) {
      this.#held.append(chunk);
      this.#keep(this.#held.bytes, messages);
      return;
    }
    this.#held.append(chunk.subarray(0, head));
    const joined = this.#held.bytes;
    const left = joined.length - this.#cut(joined, messages);
    if (left <= head) this.#keep(chunk.subarray(head - left), messages);
    else this.#keep(Buffer.concat([joined.subarray(joined.length - left), chunk.subarray(head)]), messages);
  }

  /** Reads what can be read of `bytes` and holds the rest. */
  #keep(bytes: Uint8Array, messages: RtspMessage[]): void {
    const whole = this.#last && bytes.length >= telling ? this.#lookBack(bytes, messages) : bytes;
    const at = this.#last ? 0 : this.#cut(whole, messages);
    this.#held.set(whole.subarray(at));
  }

  /** Takes messages off the beginning; gives how many bytes they took. */
  #cut(bytes: Uint8Array, messages: RtspMessage[]): number {
    let at = this.#lost ? 0 : skipBlank(bytes, 0);
    this.#need = 1;
    while (at < bytes.length) {
      const step = this.#lost ? this.#search(bytes, at) : this.#read(bytes, at);
      if ("need" in step) {
        this.#need = step.need;
        break;
      }
      if ("noiseTo" in step) {
        this.#skip(bytes.subarray(at, step.noiseTo), messages);
        at = step.noiseTo;
        continue;
      }
      this.#found(step, { bytes, at, messages });
      at = skipBlank(bytes, step.end);
    }
    return at;
  }

  #found(
    step: { readonly message: RtspMessage; readonly end: number },
    where: { readonly bytes: Uint8Array; readonly at: number; readonly messages: RtspMessage[] },
  ): void {
    const { message, end } = step;
    where.messages.push(message);
    this.#started = true;
    this.#lost = false;
    this.#debt = Math.max(0, this.#debt - (end - where.at));
    if (message.kind !== "frame") return;
    const { channel, payload } = message;
    if (payload.length >= rtpHeaderBytes && !isRtcp(payload)) {
      this.#sources[channel] = sourceAt(payload, 0) + 1;
      this.#knowsStreams = true;
    }
    if (end === where.bytes.length) this.#last = where.bytes.subarray(where.at, end);
  }

  #skip(data: Uint8Array, messages: RtspMessage[]): void {
    this.#lost = true;
    this.#debt += data.length;
    const last = messages.at(-1);
    if (last?.kind === "noise") {
      const bytes = last.bytes + data.length;
      messages[messages.length - 1] = { ...last, bytes, data: joinViews(last.data, data) ?? last.data };
    } else messages.push({ kind: "noise", bytes: data.length, data, spoilt: false });
    if (this.#debt > (this.#started ? maxNoiseBytes : maxNoiseAtFirst)) {
      throw new WireError("it sends bytes in which no message can be found");
    }
  }

  /** What stands where a message has to begin. */
  #read(bytes: Uint8Array, at: number): Step {
    if (bytes[at] === dollar) return this.#readFrame(bytes, at);
    const other = this.#started ? undefined : otherProtocol(bytes, at);
    if (other !== undefined) throw new WireError(`it answers with ${other}`);
    const text = readText(bytes, at);
    if (text === "no") return { noiseTo: at + 1 };
    if (text !== "more") return { message: text.message, end: at + text.used };
    const swallowed = this.#started ? this.#findFrame(bytes, { from: at + 1, to: bytes.length }) : undefined;
    return swallowed === undefined ? { need: bytes.length - at + 1 } : { noiseTo: swallowed };
  }

  #readFrame(bytes: Uint8Array, at: number): Step {
    if (bytes.length < at + frameHeaderBytes) return { need: frameHeaderBytes };
    const end = frameEnd(bytes, at);
    const begins = end > at + frameHeaderBytes;
    if (begins && bytes.length < at + telling) return { need: telling };
    const odd = !this.#isChannel(bytes[at + 1] as number) || (begins && (bytes[at + 4] as number) >> 6 !== 2);
    const inside = odd && begins ? this.#readTextInside(bytes, { at, end, textAt: at + frameHeaderBytes }) : undefined;
    if (inside) return inside;
    if (bytes.length < end) return odd ? this.#readOdd(bytes, { at, end }) : { need: end - at };
    if (end === bytes.length || this.#mayBegin(bytes, end)) return { message: frameAt(bytes, at, end), end };
    return this.#readSpoilt(bytes, { at, end });
  }

  /** A frame that is no RTP and not whole yet: what looks like a packet of ours inside it shows that it is none. */
  #readOdd(bytes: Uint8Array, frame: { readonly at: number; readonly end: number }): Step {
    const found = this.#findFrame(bytes, { from: frame.at + 1, to: bytes.length });
    return found === undefined ? { need: bytes.length - frame.at + 1 } : { noiseTo: found };
  }

  /** A frame behind which nothing begins: cut short, with a response inside, or whole and followed by noise. */
  #readSpoilt(bytes: Uint8Array, frame: { readonly at: number; readonly end: number }): Step {
    const { at, end } = frame;
    const next = this.#findFrame(bytes, { from: at + 1, to: end });
    if (next !== undefined) return { noiseTo: next };
    const textAt = indexOfText(bytes, { from: at + frameHeaderBytes, to: end });
    const inside = textAt === undefined ? undefined : this.#readTextInside(bytes, { at, end, textAt });
    if (inside) return inside;
    if ((bytes[at + 4] as number) >> 6 !== 2) return { noiseTo: at + 1 };
    return { message: frameAt(bytes, at, end), end };
  }

  /** A response that stands inside a frame, whose length does not count it: the frame without it. */
  #readTextInside(
    bytes: Uint8Array,
    place: { readonly at: number; readonly end: number; readonly textAt: number },
  ): Step | undefined {
    const { at, end, textAt } = place;
    if (bytes[textAt] !== 0x52) return undefined;
    const text = readText(bytes, textAt);
    if (text === "no") return undefined;
    if (text === "more") return { need: bytes.length - at + 1 };
    const whole = end + text.used;
    if (bytes.length < whole) return { need: whole - at };
    if (whole < bytes.length && !this.#mayBegin(bytes, whole)) return undefined;
    const payload = Buffer.concat([
      bytes.subarray(at + frameHeaderBytes, textAt),
      bytes.subarray(textAt + text.used, whole),
    ]);
    return { message: { kind: "frame", channel: bytes[at + 1] as number, payload }, end: whole };
  }

  /** The next place at which a message begins for certain. */
  #search(bytes: Uint8Array, from: number): Step {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === dollar) {
        const verdict = this.#isFrame(bytes, at);
        if (verdict === "no") continue;
        if (verdict === "more") return at > from ? { noiseTo: at } : { need: rtpHeaderBytes + frameHeaderBytes };
        if (at > from) return { noiseTo: at };
        const end = frameEnd(bytes, at);
        return bytes.length < end ? { need: end - at } : { message: frameAt(bytes, at, end), end };
      }
      if (byte !== 0x52 && byte !== 0x72 && !(at === from && this.#started)) continue;
      const text = readText(bytes, at);
      if (text === "no") continue;
      if (text === "more" && bytes.length - at > 2048) continue;
      if (at > from) return { noiseTo: at };
      return text === "more" ? { need: bytes.length - at + 1 } : { message: text.message, end: at + text.used };
    }
    return { noiseTo: bytes.length };
  }

  /** The first packet of a known stream that begins between two places. */
  #findFrame(bytes: Uint8Array, range: { readonly from: number; readonly to: number }): number | undefined {
    for (let at = bytes.indexOf(dollar, range.from); at >= 0 && at < range.to; at = bytes.indexOf(dollar, at + 1)) {
      if (this.#isKnownStream(bytes, at)) return at;
    }
    return undefined;
  }

  #isKnownStream(bytes: Uint8Array, at: number): boolean {
    if (bytes.length < at + frameHeaderBytes + rtpHeaderBytes || (bytes[at + 4] as number) >> 6 !== 2) return false;
    const source = this.#sources[bytes[at + 1] as number] as number;
    return source > 0 && sourceAt(bytes, at + frameHeaderBytes) === source - 1;
  }

  /** Whether a frame begins at `at`, judged with suspicion: by its channel and by what RTP and RTCP look like. */
  #isFrame(bytes: Uint8Array, at: number): "yes" | "more" | "no" {
    if (bytes.length < at + frameHeaderBytes + rtpHeaderBytes) {
      if (bytes.length > at + 1 && !this.#isChannel(bytes[at + 1] as number)) return "no";
      return bytes.length > at + 4 && (bytes[at + 4] as number) >> 6 !== 2 ? "no" : "more";
    }
    if (!this.#isChannel(bytes[at + 1] as number) || (bytes[at + 4] as number) >> 6 !== 2) return "no";
    if (this.#isKnownStream(bytes, at)) return "yes";
    const end = frameEnd(bytes, at);
    if (end < at + 12) return "no";
    if (isRtcp(bytes.subarray(at + 4)) && end <= at + 1500 && (end - at) % 4 === 0) return "yes";
    if (!this.#knowsStreams) return "yes";
    return end + frameHeaderBytes < bytes.length && this.#mayBegin(bytes, end) ? "yes" : "no";
  }

  /** Whether a message may begin at `at`, as far as it has come. */
  #mayBegin(bytes: Uint8Array, from: number): boolean {
    const at = skipBlank(bytes, from);
    if (at >= bytes.length) return true;
    if (bytes[at] !== dollar) return looksLikeText(bytes, at) !== "no";
    if (at + 1 < bytes.length && !this.#isChannel(bytes[at + 1] as number)) return false;
    return at + 4 >= bytes.length || (bytes[at + 4] as number) >> 6 === 2 || frameEnd(bytes, at) === at + 4;
  }

  /**
   * The last frame was given before anything came behind it. If nothing can begin here and a packet of a known stream
   * stands inside that frame, it was cut short: reading goes on inside it.
   */
  #lookBack(bytes: Uint8Array, messages: RtspMessage[]): Uint8Array {
    const last = this.#last as Uint8Array;
    this.#last = undefined;
    if (this.#lost || this.#mayBegin(bytes, 0)) return bytes;
    const joined = Buffer.concat([last, bytes]);
    const next = this.#findFrame(joined, { from: 1, to: last.length });
    if (next === undefined) return bytes;
    this.#skip(joined.subarray(0, next), messages);
    messages[messages.length - 1] = { kind: "noise", bytes: next, data: joined.subarray(0, next), spoilt: true };
    return joined.subarray(next);
  }
}

/** Two views that follow each other in one buffer as one. */
function joinViews(a: Uint8Array, b: Uint8Array): Uint8Array | undefined {
  if (a.buffer !== b.buffer || a.byteOffset + a.length !== b.byteOffset) return undefined;
  return new Uint8Array(a.buffer, a.byteOffset, a.length + b.length);
}

function frameAt(bytes: Uint8Array, at: number, end: number): InterleavedFrame {
  return { kind: "frame", channel: bytes[at + 1] as number, payload: bytes.subarray(at + frameHeaderBytes, end) };
}

function frameEnd(bytes: Uint8Array, at: number): number {
  return at + frameHeaderBytes + ((bytes[at + 2] as number) << 8) + (bytes[at + 3] as number);
}

function isRtcp(payload: Uint8Array): boolean {
  return (payload[1] as number) >= 192 && (payload[1] as number) <= 223;
}

function sourceAt(bytes: Uint8Array, packetAt: number): number {
  const at = packetAt + 8;
  const low = ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  return (bytes[at] as number) * 0x1_00_00_00 + low;
}

function indexOfText(bytes: Uint8Array, range: { readonly from: number; readonly to: number }): number | undefined {
  for (let at = bytes.indexOf(0x52, range.from); at >= 0 && at < range.to; at = bytes.indexOf(0x52, at + 1)) {
    if (bytes[at + 1] === 0x54 && bytes[at + 2] === 0x53 && bytes[at + 3] === 0x50 && bytes[at + 4] === 0x2f) return at;
  }
  return undefined;
}

/** Some cameras put an empty line, or the zero that ends a string in C, between messages. */
function skipBlank(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x0d || bytes[at] === 0x0a || bytes[at] === 0 || bytes[at] === 0x20) at++;
  return at;
}
