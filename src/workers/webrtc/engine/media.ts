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

  /** Throws WireError for a frame that cannot be cut, or whose packets break the bounds of the wire. */
  write(message: MediaMessage): Buffer {
    const { track } = message;
    if (message.type === "frame") return writeFrame(message, this.#packetizers.get(track)?.(message.data) ?? []);
    if (message.type === "track-end") {
      this.#packetizers.delete(track);
      return new MessageWriter(toEngine.trackEnd.code).u32(track).finish();
    }
    const { codec, latencyUs } = message;
    this.#packetizers.set(track, createPacketizer(codec));
    const kind = trackKinds[kindOf(codec)];
    return new MessageWriter(toEngine.track.code).u32(track).u8(kind).u32(Math.min(latencyUs, 0xffff_ffff)).finish();
  }
}

function writeFrame(frame: Extract<MediaMessage, { type: "frame" }>, payloads: readonly RtpPayload[]): Buffer {
  const { payloadBytes, payloadsPerFrame } = wireLimits;
  if (payloads.length > payloadsPerFrame) throw new WireError(`engine: a frame of ${payloads.length} packets`);
  const writer = new MessageWriter(toEngine.frame.code, frame.data.length + 64 + payloads.length * 16)
    .u32(frame.track)
    .i64(frame.timestampUs)
    .u8((frame.key ? frameFlags.key : 0) | (frame.replay ? frameFlags.replay : 0))
    .u16(payloads.length);
  for (const { payload, marker, timestampOffset } of payloads) {
    if (payload.length > payloadBytes) throw new WireError(`engine: a packet of ${payload.length} bytes`);
    writer
      .u16(payload.length)
      .u8(marker ? 1 : 0)
      .u32(timestampOffset);
  }
  for (const { payload } of payloads) writer.bytes(payload);
  return writer.finish();
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
