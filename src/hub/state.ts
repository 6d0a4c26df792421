import type { AudioFormat, Format } from "../media/format.ts";

/** What a device is doing; the page has a sentence for each. */
export type DevicePhase =
  /** Nobody watches and nothing keeps it warm: not connected on purpose. */
  | "idle"
  | "connecting"
  | "waiting-for-key-frame"
  /** The camera gives no picture while somebody speaks through it; it comes back by itself. */
  | "paused-by-talk"
  | "live"
  /** Connected, but no frame for 5 s. */
  | "stale"
  | "wrong-password"
  /** Lost or refused; the supervisor tries again at `retryAtMs`. */
  | "trouble"
  | "disabled";

/** State of a device as the API and the page see it. Times are wall-clock milliseconds. */
export interface DeviceState {
  readonly phase: DevicePhase;
  readonly sinceMs: number;
  /** The last error in plain words; stays until media flows again. */
  readonly error?: { readonly code: string; readonly message: string; readonly atMs: number };
  readonly retryAtMs?: number;
  /** Last frame of any track, for "no picture for 12 s". */
  readonly lastFrameMs?: number;
}

/** One track as the API shows it. */
export interface TrackInfo {
  readonly id: string;
  readonly label: string;
  readonly kind: "video" | "audio";
  readonly codec: string;
  readonly widthPx?: number;
  readonly heightPx?: number;
  readonly frameRate?: number;
  readonly profile?: string;
  readonly sampleRateHz?: number;
  readonly channels?: number;
  readonly frames: number;
  readonly bytes: number;
  readonly readers: number;
}

/** Who holds a floor. */
export interface HolderInfo {
  readonly talkerId: string;
  /** What a person reads: "Anna". */
  readonly name: string;
  /** 0 normal, 1 high, 2 emergency. */
  readonly priority: 0 | 1 | 2;
  readonly sinceMs: number;
}

/** One device as the API shows it; never holds a secret. */
export interface DeviceInfo {
  readonly id: string;
  readonly name: string;
  readonly area?: string;
  readonly kind: string;
  /** Address without credentials, for people. */
  readonly address?: string;
  readonly state: DeviceState;
  readonly tracks: readonly TrackInfo[];
  readonly speaker?: {
    readonly formats: readonly { readonly codec: AudioFormat["codec"]; readonly sampleRateHz: number }[];
    readonly echoCancelling: boolean;
    readonly holder?: HolderInfo;
    readonly queued: number;
    readonly doNotDisturb: boolean;
  };
  /** False for a preview: a device that somebody is about to add. */
  readonly permanent: boolean;
}

/** Static part of a track's format as {@link TrackInfo} shows it. */
export function describeFormat(format: Format): Pick<TrackInfo, "kind" | "codec"> & Partial<TrackInfo> {
  if (format.kind === "video") {
    const { kind, codec, widthPx, heightPx, frameRate, profile } = format;
    return { kind, codec, widthPx, heightPx, frameRate, profile };
  }
  return { kind: format.kind, codec: format.codec, sampleRateHz: format.sampleRateHz, channels: format.channels };
}
