import type { AudioCodec, VideoCodec } from "./format.ts";

/** How people know the codecs. */
export const codecNames: Readonly<Record<VideoCodec | AudioCodec, string>> = {
  h264: "H.264",
  h265: "H.265",
  mjpeg: "MJPEG",
  opus: "Opus",
  pcmu: "G.711",
  pcma: "G.711",
  g722: "G.722",
  g726: "G.726",
  aac: "AAC",
  pcm_s16le: "PCM",
};
