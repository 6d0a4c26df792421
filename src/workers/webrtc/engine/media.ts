import { newBytes, type TakeBytes } from "../../../codecs/annexb.ts";
import { kindOf } from "../../../media/format.ts";
import type { IncomingFrame } from "../../../protocols/rtp/packet-track.ts";
import { createPacketizer, type Packetizer, type RtpPayload } from "../../../protocols/rtp/packetize.ts";
import { WireError } from "../../../util/errors.ts";
import type { ToPublishChild } from "../messages.ts";
import { type MessageReader, MessageWriter } from "./message.ts";
import { frameFlags, toEngine, trackKinds, wireLimits } from "./wire.ts";

/** What the hub says of tracks, to whichever child. */
export type MediaMessage = Extract<ToPublishChild, { type: "track" | "frame" | "track-end" }>;

/** The same as a child hears it: frames are cut by the hub. */
export type CutMedia =
  | { readonly type: "track"; readonly track: number; readonly kind: "video" | "audio"; readonly latencyUs: number }
  | (IncomingFrame & { readonly type: "frame"; readonly track: number })
  | { readonly type: "track-end"; readonly track: number };

/** True for what {@link MediaWriter} writes. */
export function isMedia(message: ToPublishChild): message is MediaMessage {
  return message.type === "frame" || message.type === "track" || message.type === "track-end";
}

/** Writes what is said of tracks. One for the life of a child: it remembers how each track's frames are cut. */
export class MediaWriter {
  readonly #packetizers = new Map<number, Packetizer>();
  readonly #take: TakeBytes;

  /** `take` gives the bytes of a frame's message, and of what is made on the way to it; new ones by default. */
  constructor(take: TakeBytes = newBytes) {
    this.#take = take;
  }

  /** Throws WireError for a frame that cannot be cut, or whose packets break the bounds of the wire. */
  write(message: MediaMessage): Uint8Array {
    const { track } = message;
    if (message.type === "frame")
      return writeFrame(message, {
        payloads: this.#packetizers.get(track)?.(message.data) ?? [],
        take: this.#take,
      });
    if (message.type === "track-end") {
      this.#packetizers.delete(track);
      return new MessageWriter(toEngine.trackEnd.code).u32(track).finish();
    }
    const { codec, latencyUs } = message;
    this.#packetizers.set(track, createPacketizer(codec, { take: this.#take }));
    const kind = trackKinds[kindOf(codec)];
    return new MessageWriter(toEngine.track.code).u32(track).u8(kind).u32(Math.min(latencyUs, 0xffff_ffff)).finish();
  }
}

/** Bytes before the payloads of a frame of no packets, and for each packet. */
const frameHeadBytes = 5 + 4 + 8 + 1 + 2;
const packetHeadBytes = 2 + 1 + 4;

/** Without a {@link MessageWriter}: some tens of calls for each frame. */
function writeFrame(
  frame: Extract<MediaMessage, { type: "frame" }>,
  { payloads, take }: { readonly payloads: readonly RtpPayload[]; readonly take: TakeBytes },
): Uint8Array {
  const { payloadBytes, payloadsPerFrame, messageBytes } = wireLimits;
  if (payloads.length > payloadsPerFrame) throw new WireError(`engine: a frame of ${payloads.length} packets`);
  let end = frameHeadBytes + payloads.length * packetHeadBytes;
  let at = end;
  for (const { payload } of payloads) end += payload.length;
  if (end - 4 > messageBytes) throw new WireError(`engine: a message of ${end} bytes`);
  const bytes = take(end);
  writeUint32(bytes, 0, end - 4);
  bytes[4] = toEngine.frame.code;
  writeUint32(bytes, 5, frame.track);
  writeUint32(bytes, 9, frame.timestampUs);
  writeUint32(bytes, 13, Math.floor(frame.timestampUs / 2 ** 32));
  bytes[17] = (frame.key ? frameFlags.key : 0) | (frame.replay ? frameFlags.replay : 0);
  bytes[18] = payloads.length;
  bytes[19] = payloads.length >> 8;
  let headAt = frameHeadBytes;
  for (const { payload, marker, timestampOffset } of payloads) {
    if (payload.length > payloadBytes) throw new WireError(`engine: a packet of ${payload.length} bytes`);
    bytes[headAt] = payload.length;
    bytes[headAt + 1] = payload.length >> 8;
    bytes[headAt + 2] = marker ? 1 : 0;
    writeUint32(bytes, headAt + 3, timestampOffset);
    headAt += packetHeadBytes;
    bytes.set(payload, at);
    at += payload.length;
  }
  return bytes;
}

/** The low 32 bits, little-endian. */
function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >> 8;
  bytes[at + 2] = value >> 16;
  bytes[at + 3] = value >> 24;
}

/**
 * Reads what is said of tracks; undefined for messages of other kinds. Payloads are views of the message. Throws WireError
 * when it is malformed.
 */
export function readMedia(message: MessageReader): CutMedia | undefined {
  switch (message.code) {
    case toEngine.frame.code:
      return readFrame(message);
    case toEngine.track.code: {
      const [track, kind, latencyUs] = [message.u32(), message.u8(), message.u32()];
      return { type: "track", track, kind: kind === trackKinds.video ? "video" : "audio", latencyUs };
    }
    case toEngine.trackEnd.code:
      return { type: "track-end", track: message.u32() };
    default:
      return undefined;
  }
}

function readFrame(message: MessageReader): CutMedia {
  const [track, timestampUs, flags, count] = [message.u32(), message.i64(), message.u8(), message.u16()];
  const heads: { readonly bytes: number; readonly marker: boolean; readonly timestampOffset: number }[] = [];
  for (let i = 0; i < count; i++)
    heads.push({ bytes: message.u16(), marker: message.u8() !== 0, timestampOffset: message.u32() });
  const payloads = heads.map(({ bytes, ...head }) => ({ payload: message.take(bytes), ...head }));
  const [key, replay] = [(flags & frameFlags.key) !== 0, (flags & frameFlags.replay) !== 0];
  return { type: "frame", track, timestampUs, key, replay, payloads };
}
