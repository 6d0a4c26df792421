import type { AudioFormat, Format, NalCodec, VideoFormat } from "../../media/format.ts";
import type { Frame } from "../../media/frame.ts";
import type { PictureForm } from "../../media/picture-conversion.ts";

/** A picture that is drawn, not filmed: sky, sun, a running clock and a name. */
export interface SceneOptions {
  readonly codec: NalCodec;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly fps: number;
  /** Frames from one key frame to the next. */
  readonly gopFrames: number;
  /** Shown in the picture; at most 24 characters are drawn. */
  readonly name: string;
  /** Colour of the sky, 0 to 359 degrees. */
  readonly hue: number;
  /** Wall-clock time of the first picture, milliseconds since 1970: what the clock in it shows. */
  readonly startWallMs: number;
  /** Pitch of the accompanying sound in Hz; 0 for none. */
  readonly toneHz: number;
  /** Length; without end when not given. */
  readonly seconds?: number;
}

/** A device that films. */
export interface CaptureOptions {
  /** FFmpeg's name of its kind: `v4l2`. */
  readonly format: string;
  /** Its name there: `/dev/video0`. */
  readonly url: string;
  /** FFmpeg's options for it; the next ones where it does not open with these. At least one. */
  readonly tries: readonly Readonly<Record<string, string>>[];
  /** At most so large; it is made smaller, with its shape. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Where the device does not say. */
  readonly fps: number;
  /** To begin with. */
  readonly bitrateBps: number;
}

/** What the hub asks of the child. `id` names the job; all but the first message of a job are ignored after `close`. */
export type ToChild =
  | {
      readonly op: "convert";
      readonly id: number;
      readonly input: AudioFormat;
      readonly output: AudioFormat;
      readonly gain: number;
    }
  | { readonly op: "push"; readonly id: number; readonly frame: Frame }
  /** Frames of a picture are pushed, H.264 comes back. */
  | { readonly op: "transcode"; readonly id: number; readonly format: VideoFormat; readonly form: PictureForm }
  | {
      readonly op: "decode";
      readonly id: number;
      /** Undefined: the bytes are asked for with `need`. */
      readonly path: string | undefined;
      readonly output: AudioFormat;
      readonly gain: number;
      /** Blocks that were delivered before the child was lost. */
      readonly skipBlocks: number;
    }
  | { readonly op: "demux"; readonly id: number; readonly path: string }
  | { readonly op: "scene"; readonly id: number; readonly scene: SceneOptions }
  | {
      readonly op: "snapshot";
      readonly id: number;
      readonly format: VideoFormat;
      readonly frame: Uint8Array;
      readonly widthPx: number | undefined;
    }
  | { readonly op: "capture"; readonly id: number; readonly capture: CaptureOptions }
  /** Of a picture that is encoded: a key frame now, another bit rate from now on. */
  | { readonly op: "tune"; readonly id: number; readonly keyFrame?: boolean; readonly bitrateBps?: number }
  /** The next bytes of a stream; undefined at its end. */
  | { readonly op: "bytes"; readonly id: number; readonly bytes: Uint8Array | undefined }
  /** This many more frames may be sent. */
  | { readonly op: "credit"; readonly id: number; readonly frames: number }
  /** No more input. */
  | { readonly op: "end"; readonly id: number }
  | { readonly op: "close"; readonly id: number };

/** A frame and which of the job's streams it belongs to. */
export interface StreamFrame extends Frame {
  readonly stream: number;
}

/** What a job says once it works. */
export interface Opened {
  /** Formats of what comes out, by stream number. */
  readonly formats: readonly Format[];
  readonly durationUs?: number;
  /** The JPEG of a snapshot. */
  readonly picture?: Uint8Array;
  /** FFmpeg's name of what encodes a picture; none where it passes through. */
  readonly encoder?: string | undefined;
  /** Encoders of hardware that FFmpeg has and that do not work on this machine. */
  readonly refused?: readonly string[];
}

/** What the child answers. */
export type FromChild =
  /** FFmpeg's libraries are there. */
  | { readonly type: "loaded" }
  | { readonly type: "no-ffmpeg"; readonly reason: string }
  | { readonly type: "opened"; readonly id: number; readonly opened: Opened }
  | { readonly type: "frames"; readonly id: number; readonly frames: readonly StreamFrame[] }
  /** This many of the pushed frames were taken; of those `skipped` pictures were not encoded, for want of time. */
  | { readonly type: "took"; readonly id: number; readonly frames: number; readonly skipped?: number }
  | { readonly type: "need"; readonly id: number }
  /** All is through. `note`: a sentence for the log, e.g. that the file was cut short. */
  | { readonly type: "end"; readonly id: number; readonly note?: string }
  | {
      readonly type: "failed";
      readonly id: number;
      readonly fatal: boolean;
      readonly code: string;
      readonly message: string;
    };
