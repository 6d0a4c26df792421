import type { Format } from "../src/media/format.ts";
import { type ReceivedMedium, receiveMedia } from "../src/protocols/rtsp/receive-media.ts";
import type { FrameSink } from "../src/protocols/rtsp/unit-frames.ts";
import { parseSdp } from "../src/protocols/sdp/index.ts";
import type { Clock } from "../src/util/clock.ts";

/** What a camera's H.264 of payload type 96 goes through from packets to frames; nothing is sent back. */
export function h264Medium(options: {
  readonly clock: Clock;
  readonly protocol?: "tcp" | "udp";
  readonly onTrack: (format: Format) => FrameSink;
}): ReceivedMedium {
  const { clock, protocol = "tcp", onTrack } = options;
  const [section] = parseSdp("v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n").media;
  const [payload] = section!.payloads;
  const send = () => true;
  const stream = { protocol, ssrc: undefined, reachable: true, refusals: 0, sendRtp: send, sendRtcp: send } as const;
  return receiveMedia({ clock, media: {}, onTrack })({ section: section!, payload: payload! }, stream);
}
