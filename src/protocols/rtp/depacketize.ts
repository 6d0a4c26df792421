import type { AudioCodec, VideoCodec } from "../../media/format.ts";
import { createAacDepacketizer } from "./depacketize-aac.ts";
import { createVideoDepacketizer } from "./depacketize-video.ts";
import type { RtpPacket } from "./packet.ts";
import { swapBytes } from "./packetize-audio.ts";

/** One access unit or audio packet out of RTP packets. */
export interface RtpUnit {
  /** Video: NAL units without start codes, in order, parameter sets and delimiters as they came. Sound: empty. */
  readonly nals: readonly Uint8Array[];
  /** Sound: one packet or block of samples (PCM is little-endian). Video: empty. */
  readonly data: Uint8Array;
  /** The stream's own timestamp, 32 bits, wrapping. */
  readonly timestamp: number;
  /** Nothing of the unit is missing. */
  readonly complete: boolean;
  /** Packets were lost within or just before it: what refers to earlier pictures may be spoilt. */
  readonly gap: boolean;
}

/** Counters of a depacketizer. */
export interface DepacketizerCounters {
  /** Packets whose payload does not follow its RFC; they are dropped. */
  malformed: number;
  /** Units dropped because they were longer than 8 MiB. */
  oversized: number;
}

/** Puts units together from packets in order (after a reorder buffer). Never throws for what a packet holds. */
export interface Depacketizer {
  readonly counters: Readonly<DepacketizerCounters>;
  push(packet: RtpPacket): RtpUnit[];
  /** What is under way, as an incomplete unit, if anything: the stream ends or starts anew. */
  flush(): RtpUnit[];
}

/** Options of {@link createDepacketizer}. */
export interface DepacketizerOptions {
  readonly codec: VideoCodec | AudioCodec;
  /** `a=fmtp` parameters, names in lower case. AAC: `sizelength`, `indexlength`, `indexdeltalength`. */
  readonly fmtp?: Readonly<Record<string, string>>;
  readonly clockRateHz: number;
}

/** The counterpart of `createPacketizer`, for what cameras send (the same RFCs, all their packet types but interleaved). */
export function createDepacketizer(options: DepacketizerOptions): Depacketizer {
  switch (options.codec) {
    case "h264":
    case "h265":
      return createVideoDepacketizer(options.codec, options.fmtp ?? {});
    case "aac":
      return createAacDepacketizer(options.fmtp ?? {});
    case "pcm_s16le":
      return createSampleDepacketizer(swapBytes);
    default:
      return createSampleDepacketizer((payload) => payload);
  }
}

/** Each packet is a unit (Opus, G.711, G.722, L16). Empty packets say nothing. */
function createSampleDepacketizer(read: (payload: Uint8Array) => Uint8Array): Depacketizer {
  let last: number | undefined;
  return {
    counters: { malformed: 0, oversized: 0 },
    push: (packet) => {
      const gap = last !== undefined && packet.sequence !== ((last + 1) & 0xffff);
      last = packet.sequence;
      const data = read(packet.payload);
      return data.length === 0 ? [] : [{ nals: [], data, timestamp: packet.timestamp, complete: true, gap }];
    },
    flush: () => [],
  };
}
