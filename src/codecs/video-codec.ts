/** Video codecs that are made of NAL units. Frames are access units in Annex B. */
export const nalCodecs = ["h264", "h265"] as const;

/** One of {@link nalCodecs}. */
export type NalCodec = (typeof nalCodecs)[number];

/** Video codecs that the hub carries. A frame of MJPEG is a JPEG file, and each is a key frame. */
export const videoCodecs = [...nalCodecs, "mjpeg"] as const;

/** One of {@link videoCodecs}. */
export type VideoCodec = (typeof videoCodecs)[number];

/** Format of a video track. */
export interface VideoFormat {
  readonly kind: "video";
  readonly codec: VideoCodec;
  /** NAL units without start code: SPS, PPS (H.264) or VPS, SPS, PPS (H.265). Empty until known, and for MJPEG. */
  readonly parameterSets: readonly Uint8Array[];
  readonly widthPx?: number;
  readonly heightPx?: number;
  /** Frames per second that the SPS declares, if it does. */
  readonly frameRate?: number;
  /** H.264: `profile-level-id` as six hex digits (RFC 6184). H.265: e.g. "main L93". */
  readonly profile?: string;
  /** Its parameter sets say that pictures may be shown in another order than they come in; whether they are is seen in them. */
  readonly mayReorder?: true;
  /** Pictures are shown in another order than they come in (B pictures): browsers are shown that converted. */
  readonly reordered?: boolean;
  /** there are no key pictures, or hardly any: whoever begins to watch sees a clean picture after a while, if at all. */
  readonly withoutKeys?: boolean;
}
