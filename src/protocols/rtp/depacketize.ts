import { fromAal2, g726Bits } from "../../codecs/g726.ts";
import type { AudioCodec, VideoCodec } from "../../media/format.ts";
import { createAacDepacketizer } from "./depacketize-aac.ts";
import { createJpegDepacketizer } from "./depacketize-jpeg.ts";
import { createLatmDepacketizer } from "./depacketize-latm.ts";
import { createVideoDepacketizer } from "./depacketize-video.ts";
import { swapBytes } from "./packetize-audio.ts";
import type { QuirkCode } from "./quirks.ts";
import type { Depacketizer } from "./unit.ts";

export type { Depacketizer, DepacketizerCounters, RtpUnit } from "./unit.ts";

/** Options of {@link createDepacketizer}. */
export interface DepacketizerOptions {
  readonly codec: VideoCodec | AudioCodec;
  /** `a=fmtp` parameters, names in lower case. AAC: `sizelength`, `indexlength`, `indexdeltalength`. */
  readonly fmtp?: Readonly<Record<string, string>>;
  readonly clockRateHz: number;
  /** Name of the encoding in `a=rtpmap`, upper case, where a codec has several packings. */
  readonly encoding?: string;
  /** Called with what the sender does against the RFCs. */
  readonly onQuirk?: (quirk: QuirkCode) => void;
}

/**
 * The counterpart of `createPacketizer`, for what cameras send (the same RFCs, all their packet types but interleaved).
 */
export function createDepacketizer(options: DepacketizerOptions): Depacketizer {
  switch (options.codec) {
    case "h264":
    case "h265":
      return createVideoDepacketizer({ ...options, codec: options.codec, fmtp: options.fmtp ?? {} });
    case "mjpeg":
      return createJpegDepacketizer();
    case "aac":
      return options.encoding === "MP4A-LATM"
        ? createLatmDepacketizer(options.fmtp ?? {})
        : createAacDepacketizer({ ...options, fmtp: options.fmtp ?? {} });
    case "g726":
      return createSampleDepacketizer(g726Reader(options.encoding ?? ""));
    case "pcm_s16le":
      return createSampleDepacketizer(swapBytes);
    default:
      return createSampleDepacketizer((payload) => payload);
  }
}

function g726Reader(encoding: string): (payload: Uint8Array) => Uint8Array {
  const bits = g726Bits(encoding);
  return encoding.startsWith("AAL2-") && bits ? (payload) => fromAal2(payload, bits) : (payload) => payload;
}

/** Each packet is a unit (Opus, G.711, G.722, L16). Empty packets say nothing. */
function createSampleDepacketizer(read: (payload: Uint8Array) => Uint8Array): Depacketizer {
  let last: number | undefined;
  return {
    counters: { malformed: 0, oversized: 0 },
    borrows: true,
    push: (packet) => {
      const gap = last !== undefined && packet.sequence !== ((last + 1) & 0xffff);
      last = packet.sequence;
      const data = read(packet.payload);
      return data.length === 0 ? [] : [{ nals: [], data, timestamp: packet.timestamp, complete: true, gap }];
    },
    spoil: () => {
      last = undefined;
    },
    flush: () => [],
  };
}
