import type { Clock } from "../../util/clock.ts";
import { rtpHeaderBytes } from "./packet.ts";
import type { RtpPayload } from "./payload.ts";

/**
 * One frame as RTP packets, made once for all viewers: each packet is 12 bytes for the header, rewritten for each viewer just
 * before it is sent, and the shared payload. Frames form a chain: whoever holds one can walk to the live edge, and what
 * nobody holds is collected.
 */
export interface PacketFrame {
  readonly packets: readonly Buffer[];
  /** Added to the RTP timestamp of each packet; undefined when all are 0. */
  readonly offsets: readonly number[] | undefined;
  readonly timestampUs: number;
  readonly key: boolean;
  readonly replay: boolean;
  /** When it came to this process (hub's clock). */
  readonly arrivedUs: number;
  readonly index: number;
  next: PacketFrame | undefined;
}

/** What a track tells those who send it on. */
export interface PacketReader {
  /** Called inside `write`; must return at once. */
  onFrame(frame: PacketFrame): void;
}

/** Options of {@link PacketTrack}. */
export interface PacketTrackOptions {
  readonly kind: "video" | "audio";
  readonly clock: Clock;
  /** How old the newest frame was when the hub's track got it, µs. */
  readonly latencyUs: number;
}

/** A frame as it comes from the hub's track. */
export interface IncomingFrame {
  /** Copied; from {@link createPacketizer}. */
  readonly payloads: readonly RtpPayload[];
  readonly timestampUs: number;
  readonly key: boolean;
  readonly replay: boolean;
}

const maxGroupBytes = 16 * 1024 * 1024;
const maxGroupUs = 20_000_000;

/** One of the hub's tracks: its frames as packets, and the last group of pictures for viewers to come. */
export class PacketTrack {
  readonly readers = new Set<PacketReader>();
  readonly kind: "video" | "audio";
  #group: PacketFrame | undefined;
  #groupBytes = 0;
  #tail: PacketFrame | undefined;
  #latencyUs: number;
  readonly #clock: Clock;

  constructor(options: PacketTrackOptions) {
    this.kind = options.kind;
    this.#clock = options.clock;
    this.#latencyUs = options.latencyUs;
  }

  /** First frame of the last group of pictures; undefined for sound and before the first key frame. */
  get group(): PacketFrame | undefined {
    return this.#group;
  }

  /** When the newest frame came (hub's clock, µs); undefined before the first. */
  get lastArrivedUs(): number | undefined {
    return this.#tail?.arrivedUs;
  }

  /** How far frames are behind the hub's clock when they come, µs. */
  get latencyUs(): number {
    return this.#latencyUs;
  }

  /** Makes packets of a frame and tells the readers. */
  write(frame: IncomingFrame): void {
    const { payloads, timestampUs, key, replay } = frame;
    if (payloads.length === 0) return;
    const size = payloads.reduce((sum, { payload }) => sum + rtpHeaderBytes + payload.length, 0);
    const bytes = Buffer.allocUnsafeSlow(size);
    let at = 0;
    const packets = payloads.map(({ payload, marker }) => {
      const packet = bytes.subarray(at, at + rtpHeaderBytes + payload.length);
      packet[0] = 0x80;
      packet[1] = marker ? 0x80 : 0;
      packet.set(payload, rtpHeaderBytes);
      at += packet.length;
      return packet;
    });
    const arrivedUs = this.#clock.nowUs();
    if (!replay) this.#latencyUs = Math.max(0, arrivedUs - timestampUs);
    const offsets = payloads.some(({ timestampOffset }) => timestampOffset !== 0)
      ? payloads.map(({ timestampOffset }) => timestampOffset)
      : undefined;
    const index = (this.#tail?.index ?? -1) + 1;
    this.#append({ packets, offsets, timestampUs, key, replay, arrivedUs, index, next: undefined }, size);
  }

  #append(frame: PacketFrame, size: number): void {
    if (this.#tail) this.#tail.next = frame;
    this.#tail = frame;
    if (this.kind === "video") this.#keep(frame, size);
    for (const reader of this.readers) reader.onFrame(frame);
  }

  #keep(frame: PacketFrame, size: number): void {
    if (frame.key) {
      this.#group = frame;
      this.#groupBytes = 0;
    }
    this.#groupBytes += size;
    const group = this.#group;
    if (!group) return;
    if (this.#groupBytes > maxGroupBytes || frame.timestampUs - group.timestampUs > maxGroupUs) this.#group = undefined;
  }
}
