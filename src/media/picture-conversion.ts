import type { Track } from "./track.ts";

/** How a picture is made into H.264 that every browser shows. */
export interface PictureForm {
  /** At most so high; it is made smaller, with its shape. */
  readonly heightPx: number;
  /** Bits per second; by size and rate of the picture when not given. */
  readonly bitrateBps: number | undefined;
  /** Whether encoders of the machine's hardware are tried before the processor. */
  readonly hardware: boolean;
}

/** What a picture is to be converted to, and who is told. */
export interface PictureConversionOptions {
  /** An H.264 track that takes what comes out; its owner closes it. */
  readonly output: Track;
  readonly form: PictureForm;
  /** It is over: nothing can be made of this picture here. Called once, not within `convertPicture`. */
  readonly onFailed: (error: Error) => void;
}

/** A picture that is being converted, until it is disposed. It outlives the process that does it. */
export interface PictureConversion extends Disposable {
  /** FFmpeg's name of what encodes; undefined before the first picture. */
  readonly encoder: string | undefined;
  /** Pictures of the source that are not shown because the conversion was behind. */
  readonly skipped: number;
  /** The next picture is a key frame. */
  keyFrame(): void;
}
