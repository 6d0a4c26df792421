import type { TrackInfo } from "../api.ts";

/** The codec that keeps this browser from showing a device, if all its pictures are in one that it cannot decode. */
export function unsupportedCodec(tracks: readonly TrackInfo[] | undefined): string | undefined {
  const codecs = new Set((tracks ?? []).filter(({ kind }) => kind === "video").map(({ codec }) => codec));
  if (codecs.size === 0) return undefined;
  const known = new Set(
    RTCRtpReceiver.getCapabilities("video")?.codecs.map(({ mimeType }) => mimeType.toLowerCase().replace("video/", "")),
  );
  for (const codec of codecs) if (known.has(codec)) return undefined;
  return [...codecs][0];
}
