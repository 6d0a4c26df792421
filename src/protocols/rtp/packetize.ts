import { newBytes, splitAnnexB, type TakeBytes } from "../../codecs/annexb.ts";
import type { AudioCodec, VideoCodec } from "../../media/format.ts";
import { packetizeAac, packetizeL16, packetizeSamples } from "./packetize-audio.ts";
import { packetizeJpeg } from "./packetize-jpeg.ts";
import { packetizeVideo } from "./packetize-video.ts";
import type { RtpPayload } from "./payload.ts";

export type { RtpPayload } from "./payload.ts";

/** Options of {@link createPacketizer}. */
export interface PacketizerOptions {
  /** Longest payload in bytes; 1200 by default, which fits every path a browser is on. */
  readonly maxPayloadBytes?: number;
  /** Gives the bytes of what is put together of video; new ones by default. */
  readonly take?: TakeBytes;
}

/** Payloads of one frame (`Frame.data`), of which some are views of it. */
export type Packetizer = (frame: Uint8Array) => RtpPayload[];

/**
 * Cuts frames into RTP payloads: H.264 (RFC 6184, STAP-A and FU-A), H.265 (RFC 7798, AP and FU), JPEG (RFC 2435), AAC (RFC 3640,
 * AAC-hbr), Opus (RFC 7587), G.711 and G.722 (RFC 3551), PCM as L16 (RFC 3551, big-endian). Stateless: the same frame
 * gives the same payloads. A video frame with absurdly many units throws WireError, and so does a
 * JPEG of a kind that RTP does not know.
 */
export function createPacketizer(codec: VideoCodec | AudioCodec, options: PacketizerOptions = {}): Packetizer {
  const { maxPayloadBytes: maxBytes = 1200, take = newBytes } = options;
  switch (codec) {
    case "h264":
    case "h265":
      return (frame) => packetizeVideo(splitAnnexB(frame), { codec, maxBytes, take });
    case "mjpeg":
      return (frame) => packetizeJpeg(frame, maxBytes);
    case "aac":
      return (frame) => packetizeAac(frame, maxBytes);
    case "pcm_s16le":
      return (frame) => packetizeL16(frame, maxBytes);
    case "pcmu":
    case "pcma":
    case "g722":
    case "g726":
      return (frame) => packetizeSamples(frame, maxBytes);
    case "opus":
      return (frame) => [{ payload: frame, marker: false, timestampOffset: 0 }];
  }
}
